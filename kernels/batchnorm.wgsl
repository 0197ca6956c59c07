// y[n, c, i] = (x[n, c, i] - mean[c]) inverse_std[c] gamma[c] + beta[c]
// A thread takes four neighbours.
// grid: [spatial / 1024, channels, n]
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
  let c = group.y;
  let start = id.x * 4u;
  let base = (group.z * p.channels + c) * p.spatial;
  let factor = inverse_std[c] * gamma[c];
  let center = mean[c];
  let shift = beta[c];
  if (start + 3u < p.spatial) {
    let i = base + start;
    let v = (vec4f(x[i], x[i + 1u], x[i + 2u], x[i + 3u]) - center) * factor + shift;
    y[i] = v.x;
    y[i + 1u] = v.y;
    y[i + 2u] = v.z;
    y[i + 3u] = v.w;
  } else {
    for (var i = base + start; i < base + p.spatial; i++) { y[i] = (x[i] - center) * factor + shift; }
  }
}
