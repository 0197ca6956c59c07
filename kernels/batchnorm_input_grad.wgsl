// Input gradient of batch normalisation.
// TRAINING = 1: dx = gamma inverse_std (dy - mean(dy) - xhat mean(dy xhat)), xhat = (x - mean) inverse_std, where
//               mean(dy) = dbeta / (n spatial) and mean(dy xhat) = dgamma / (n spatial)
// TRAINING = 0 (running statistics): dx = gamma inverse_std dy
// grid: [spatial / 256, channels, n]
const TRAINING: u32 = 1u;
struct Params { n: u32, channels: u32, spatial: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>; // [n * channels * spatial]
@group(0) @binding(2) var<storage, read> x: array<f32>; // [n * channels * spatial * TRAINING]
@group(0) @binding(3) var<storage, read> mean: array<f32>; // [channels]
@group(0) @binding(4) var<storage, read> inverse_std: array<f32>; // [channels]
@group(0) @binding(5) var<storage, read> gamma: array<f32>; // [channels]
@group(0) @binding(6) var<storage, read> dgamma: array<f32>; // [channels * TRAINING]
@group(0) @binding(7) var<storage, read> dbeta: array<f32>; // [channels * TRAINING]
@group(0) @binding(8) var<storage, read_write> dx: array<f32>; // [n * channels * spatial]

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
  if (id.x >= p.spatial) { return; }
  let c = group.y;
  let i = (group.z * p.channels + c) * p.spatial + id.x;
  var g = dy[i];
  if (TRAINING == 1u) {
    let count = f32(p.n * p.spatial);
    g -= (dbeta[c] + (x[i] - mean[c]) * inverse_std[c] * dgamma[c]) / count;
  }
  dx[i] = gamma[c] * inverse_std[c] * g;
}
