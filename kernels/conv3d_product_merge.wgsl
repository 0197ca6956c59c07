// y[n, co, i] = bias[co] + the sum over splits of partial[split, n, co, i], as conv3d_product wrote it; with LEAKY = 1
// then y where y > 0, else slope y.
// grid: size / 64 workgroups, folded into y beyond 65,535
const HAS_BIAS: u32 = 1u;
const LEAKY: u32 = 0u;
struct Params { size: u32, co: u32, spatial: u32, splits: u32, slope: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> partial: array<f32>; // [splits * size]
@group(0) @binding(2) var<storage, read> bias: array<f32>; // [co * HAS_BIAS]
@group(0) @binding(3) var<storage, read_write> y: array<f32>; // [size]

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= p.size) { return; }
  var sum = 0.0;
  if (HAS_BIAS == 1u) { sum = bias[i / p.spatial % p.co]; }
  var split = 0u;
  for (; split + 3u < p.splits; split += 4u) { // four loads at a time are under way
    let at = split * p.size + i;
    sum += (partial[at] + partial[at + p.size]) + (partial[at + 2u * p.size] + partial[at + 3u * p.size]);
  }
  for (; split < p.splits; split++) { sum += partial[split * p.size + i]; }
  if (LEAKY == 1u && sum <= 0.0) { sum *= p.slope; }
  y[i] = sum;
}
