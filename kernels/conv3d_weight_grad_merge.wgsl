// Weight gradient of the convolution, second part: dw[co, ci, 9 kz + t] = sum over chunks of
//   partial[chunk, (co / 8, ci, kz), t, co % 8]   as conv3d_weight_grad wrote it
// grid: size of dw / 256 workgroups, folded into y beyond 65,535
struct Params { ci: u32, co: u32, chunks: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> partial: array<f32>; // [chunks * ((co + 7) / 8) * ci * 3 * 72]
@group(0) @binding(2) var<storage, read_write> dw: array<f32>; // [co * ci * 27]

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 256u + lane;
  if (i >= p.co * p.ci * 27u) { return; }
  let tap = i % 27u;
  let channel = i / 27u % p.ci;
  let output = i / (27u * p.ci);
  let items = (p.co + 7u) / 8u * p.ci * 3u;
  let item = (output / 8u * p.ci + channel) * 3u + tap / 9u;
  var sum = 0.0;
  for (var chunk = 0u; chunk < p.chunks; chunk++) { sum += partial[((chunk * items + item) * 9u + tap % 9u) * 8u + output % 8u]; }
  dw[i] = sum;
}
