// Gradients of beta and gamma through batchnorm_pool, over each channel's chunk of windows:
//   sums[channel, first + chunk] = (sum of g, sum of g (x - mean) inverse_std) over the voxels that are their window's maximum,
// where g is the window's dy times LeakyReLU's slope there; all other voxels have no gradient.
// x may be part of a batch: its chunks are `first` and on of `total`.
// `lanes` threads, a power of two up to 64, go along a row of windows; chunk c takes every chunks-th group of rows.
// grid: [chunks, channels]
const LANES: u32 = 64u;
struct Params { n: u32, channels: u32, d: u32, h: u32, w: u32, chunks: u32, first: u32, total: u32, lanes: u32, slope: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [n * channels * d * h * w]
@group(0) @binding(2) var<storage, read> dy: array<f32>; // [n * channels * ((d + 1) / 2) * ((h + 1) / 2) * ((w + 1) / 2)]
@group(0) @binding(3) var<storage, read> codes: array<u32>; // [n * channels * ((d + 1) / 2) * ((h + 1) / 2) * ((w + 3) / 4)]
@group(0) @binding(4) var<storage, read> mean: array<f32>; // [channels]
@group(0) @binding(5) var<storage, read> inverse_std: array<f32>; // [channels]
@group(0) @binding(6) var<storage, read_write> sums: array<vec2f>; // [channels * total]
var<workgroup> partial: array<vec2f, LANES>;

// a / b, exact below 2^20: integer division costs some machines as much as ten loads
fn quotient(a: u32, b: u32) -> u32 {
  return u32((f32(a) + 0.5) / f32(b));
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let c = group.y;
  let od = (p.d + 1u) / 2u;
  let oh = (p.h + 1u) / 2u;
  let ow = (p.w + 1u) / 2u;
  let pairs = (ow + 1u) / 2u;
  let center = mean[c];
  let height = 64u / p.lanes;
  let down = quotient(lane, p.lanes);
  let across = lane - down * p.lanes;
  var sum = vec2f();
  for (var sample = 0u; sample < p.n; sample++) {
    let volume = sample * p.channels + c;
    for (var line = group.x * height + down; line < od * oh; line += p.chunks * height) {
      let depth = quotient(line, oh);
      let z0 = depth * 2u - p.d % 2u; // below zero wraps around to beyond the volume
      let row0 = (line - depth * oh) * 2u - p.h % 2u;
      let pooled = volume * od * oh + line;
      for (var window = across; window < ow; window += p.lanes) {
        let code = codes[pooled * pairs + window / 2u] >> (window % 2u * 4u);
        let z = z0 + ((code >> 2u) & 1u);
        let row = row0 + ((code >> 1u) & 1u);
        let column = window * 2u - p.w % 2u + (code & 1u);
        let inside = (z < p.d) & (row < p.h) & (column < p.w);
        let at = select(0u, ((volume * p.d + z) * p.h + row) * p.w + column, inside);
        let slope = select(p.slope, 1.0, (code & 8u) > 0u);
        let g = select(0.0, dy[pooled * ow + window] * slope, inside);
        sum += vec2f(g, g * (x[at] - center));
      }
    }
  }
  partial[lane] = sum * vec2f(1.0, inverse_std[c]);
  workgroupBarrier();
  if (lane == 0u) {
    var total = vec2f();
    for (var l = 0u; l < LANES; l++) { total += partial[l]; }
    sums[c * p.total + p.first + group.x] = total;
  }
}
