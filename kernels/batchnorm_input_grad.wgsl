// Input gradient of batch normalisation.
// TRAINING = 1: dx = gamma inverse_std (dy - mean(dy) - xhat mean(dy xhat)), xhat = (x - mean) inverse_std, where
//               mean(dy) = dbeta / count and mean(dy xhat) = dgamma / count over the batch, of which x may be part
// TRAINING = 0 (running statistics): dx = gamma inverse_std dy
// A thread takes four neighbours.
// grid: [spatial / 1024, channels, n]
const TRAINING: u32 = 1u;
struct Params { n: u32, channels: u32, spatial: u32, count: f32 }
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
  let c = group.y;
  let start = id.x * 4u;
  let base = (group.z * p.channels + c) * p.spatial;
  let factor = gamma[c] * inverse_std[c];
  // dx = factor (dy - shift - (x - center) slope); both are 0 in evaluation
  var shift = 0.0;
  var slope = 0.0;
  let center = mean[c];
  if (TRAINING == 1u) {
    shift = dbeta[c] / p.count;
    slope = inverse_std[c] * dgamma[c] / p.count;
  }
  if (start + 3u < p.spatial) {
    let i = base + start;
    var v = vec4f(dy[i], dy[i + 1u], dy[i + 2u], dy[i + 3u]);
    if (TRAINING == 1u) { v -= shift + (vec4f(x[i], x[i + 1u], x[i + 2u], x[i + 3u]) - center) * slope; }
    v *= factor;
    dx[i] = v.x;
    dx[i + 1u] = v.y;
    dx[i + 2u] = v.z;
    dx[i + 3u] = v.w;
  } else {
    for (var i = base + start; i < base + p.spatial; i++) {
      var v = dy[i];
      if (TRAINING == 1u) { v -= shift + (x[i] - center) * slope; }
      dx[i] = factor * v;
    }
  }
}
