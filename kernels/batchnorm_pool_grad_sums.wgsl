// Gradients of beta and gamma through batchnorm_pool, over each channel's chunk of windows:
//   sums[channel, first + chunk] = (sum of g, sum of g (x - mean) inverse_std) over the voxels that are their window's
// maximum, where g is the window's dy times LeakyReLU's slope there; all other voxels have no gradient. tops is as
// batchnorm_pool wrote it.
// HALF = 1: in place of tops, x in half precision, window after window as half_window has it.
// x may be part of a batch: its chunks are `first` and on of `total`.
// grid: [chunks, channels]
const LANES: u32 = 64u;
const HALF: u32 = 0u;
struct Params { n: u32, channels: u32, windows: u32, chunks: u32, first: u32, total: u32, slope: f32 }
@group(0) @binding(0) var<uniform> p: Params;
//#if HALF
@group(0) @binding(1) var<storage, read> x: array<vec4<u32>>; // [n * channels * windows]
//#else
@group(0) @binding(1) var<storage, read> tops: array<f32>; // [n * channels * windows]
//#end
@group(0) @binding(2) var<storage, read> dy: array<f32>; // [n * channels * windows]
@group(0) @binding(3) var<storage, read> mean: array<f32>; // [channels]
@group(0) @binding(4) var<storage, read> inverse_std: array<f32>; // [channels]
@group(0) @binding(5) var<storage, read> gamma: array<f32>; // [channels]
@group(0) @binding(6) var<storage, read> beta: array<f32>; // [channels]
@group(0) @binding(7) var<storage, read_write> sums: array<vec2f>; // [channels * total]
var<workgroup> partial: array<vec2f, LANES>;

//#if HALF
//#include pool_window
//#include half_window
//#include half_maximum
//#end

// what a window adds to both sums
fn part(i: u32, center: f32, factor: f32, shift: f32) -> vec2f {
//#if HALF
  let top = half_maximum(x[i], center, factor, shift).top;
//#else
  let top = tops[i];
//#end
  let distance = top - center;
  let g = dy[i] * select(p.slope, 1.0, distance * factor + shift > 0.0);
  return select(vec2f(g, g * distance), vec2f(), top > 2e38);
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let c = group.y;
  let center = mean[c];
  let factor = inverse_std[c] * gamma[c];
  let shift = beta[c];
  let step = p.chunks * LANES;
  var sum = vec2f();
  for (var sample = 0u; sample < p.n; sample++) {
    let base = (sample * p.channels + c) * p.windows;
    var i = group.x * LANES + lane;
    for (; i + 3u * step < p.windows; i += 4u * step) { // the loads of four windows are under way at a time
      sum += (part(base + i, center, factor, shift) + part(base + i + step, center, factor, shift))
           + (part(base + i + 2u * step, center, factor, shift) + part(base + i + 3u * step, center, factor, shift));
    }
    for (; i < p.windows; i += step) { sum += part(base + i, center, factor, shift); }
  }
  partial[lane] = sum * vec2f(1.0, inverse_std[c]);
  workgroupBarrier();
  if (lane == 0u) {
    var total = vec2f();
    for (var l = 0u; l < LANES; l++) { total += partial[l]; }
    sums[c * p.total + p.first + group.x] = total;
  }
}
