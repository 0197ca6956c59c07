// Weight gradient of the convolution, second part: dw[co, ci, tap] = sum over chunks of
//   partial[chunk, co / 8, ci, tap, co % 8]   as conv3d_weight_grad and conv3d_weight_grad_lanes wrote it
// A thread takes `taps` of the 27 taps of a pair of channels.
// grid: [padded co * ci / 64, 27 / taps]
struct Params { ci: u32, co: u32, chunks: u32, taps: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> partial: array<f32>; // [chunks * ((co + 7) / 8) * ci * 216]
@group(0) @binding(2) var<storage, read_write> dw: array<f32>; // [co * ci * 27]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
  let pair = id.x / 8u;
  let octet = pair / p.ci;
  let output = octet * 8u + id.x % 8u;
  if (output >= p.co) { return; }
  let step = (p.co + 7u) / 8u * p.ci * 216u;
  let target_start = (output * p.ci + pair - octet * p.ci) * 27u;
  for (var tap = group.y * p.taps; tap < (group.y + 1u) * p.taps; tap++) {
    var at = (pair * 27u + tap) * 8u + id.x % 8u;
    var sum = 0.0;
    var chunk = 0u;
    for (; chunk + 3u < p.chunks; chunk += 4u) { // four loads at a time are under way
      sum += (partial[at] + partial[at + step]) + (partial[at + 2u * step] + partial[at + 3u * step]);
      at += 4u * step;
    }
    for (; chunk < p.chunks; chunk++) {
      sum += partial[at];
      at += step;
    }
    dw[target_start + tap] = sum;
  }
}
