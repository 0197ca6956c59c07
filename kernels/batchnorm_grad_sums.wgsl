// Over each channel's chunk of [n, channels, spatial]:
//   sums[channel, first + chunk] = (sum of dy, sum of dy (x - mean) inverse_std): the gradients of beta and gamma
// x may be part of a batch: its chunks are `first` and on of `total`.
// grid: [chunks, channels]
const LANES: u32 = 64u;
struct Params { n: u32, channels: u32, spatial: u32, chunks: u32, first: u32, total: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [n * channels * spatial]
@group(0) @binding(2) var<storage, read> dy: array<f32>; // [n * channels * spatial]
@group(0) @binding(3) var<storage, read> mean: array<f32>; // [channels]
@group(0) @binding(4) var<storage, read> inverse_std: array<f32>; // [channels]
@group(0) @binding(5) var<storage, read_write> sums: array<vec2f>; // [channels * total]
var<workgroup> partial: array<vec2f, LANES>;

// what a value adds to both sums
fn part(i: u32, center: f32) -> vec2f {
  return dy[i] * vec2f(1.0, x[i] - center);
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let c = group.y;
  let center = mean[c];
  let step = p.chunks * LANES;
  var sum = vec2f();
  for (var sample = 0u; sample < p.n; sample++) {
    let base = (sample * p.channels + c) * p.spatial;
    var i = group.x * LANES + lane;
    for (; i + 3u * step < p.spatial; i += 4u * step) { // the loads of four values are under way at a time
      sum += (part(base + i, center) + part(base + i + step, center))
           + (part(base + i + 2u * step, center) + part(base + i + 3u * step, center));
    }
    for (; i < p.spatial; i += step) { sum += part(base + i, center); }
  }
  partial[lane] = sum * vec2f(1.0, inverse_std[c]);
  workgroupBarrier();
  if (lane == 0u) {
    var total = vec2f();
    for (var l = 0u; l < LANES; l++) { total += partial[l]; }
    sums[c * p.total + p.first + group.x] = total;
  }
}
