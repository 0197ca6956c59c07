// y[n, c, i] = (x[n, c, i] - mean[c]) inverse_std[c] gamma[c] + beta[c]
// grid: [spatial / 256, channels, n]
struct Params { n: u32, channels: u32, spatial: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [n * channels * spatial]
@group(0) @binding(2) var<storage, read> mean: array<f32>; // [channels]
@group(0) @binding(3) var<storage, read> inverse_std: array<f32>; // [channels]
@group(0) @binding(4) var<storage, read> gamma: array<f32>; // [channels]
@group(0) @binding(5) var<storage, read> beta: array<f32>; // [channels]
@group(0) @binding(6) var<storage, read_write> y: array<f32>; // [n * channels * spatial]

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
  if (id.x >= p.spatial) { return; }
  let c = group.y;
  let i = (group.z * p.channels + c) * p.spatial + id.x;
  y[i] = (x[i] - mean[c]) * (inverse_std[c] * gamma[c]) + beta[c];
}
