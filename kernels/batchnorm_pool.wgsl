// Batch normalisation, LeakyReLU and pooling in one pass over x [n, channels, d, h, w]:
//   y = max over 2 x 2 x 2 windows (as max_pool3d takes them) of LeakyReLU((x - mean) inverse_std gamma + beta)
// codes: four bits a window, the position 4 kz + 2 ky + kx of the first largest value, and 8 where it is above 0; two
// neighbours along x share a word. The slope is not below 0, so that the maximum may be taken before the LeakyReLU.
// tops: x where the largest value is, or 3e38 where that is a zero of the padding.
// HALF = 1: x is in half precision, window after window as half_window has it; there are no tops.
// A thread takes two windows; a workgroup covers `lanes` pairs of them in 64 / lanes rows, a row being one (z, y).
// grid: [pairs / lanes, od * oh / (64 / lanes), n * channels]
const HALF: u32 = 0u;
struct Params { n: u32, channels: u32, d: u32, h: u32, w: u32, lanes: u32, slope: f32 }
@group(0) @binding(0) var<uniform> p: Params;
//#if HALF
@group(0) @binding(1) var<storage, read> x: array<vec4<u32>>; // [n * channels * ((d + 1) / 2) * ((h + 1) / 2) * ((w + 1) / 2)]
//#else
@group(0) @binding(1) var<storage, read> x: array<f32>; // [n * channels * d * h * w]
//#end
@group(0) @binding(2) var<storage, read> mean: array<f32>; // [channels]
@group(0) @binding(3) var<storage, read> inverse_std: array<f32>; // [channels]
@group(0) @binding(4) var<storage, read> gamma: array<f32>; // [channels]
@group(0) @binding(5) var<storage, read> beta: array<f32>; // [channels]
@group(0) @binding(6) var<storage, read_write> y: array<f32>; // [n * channels * ((d + 1) / 2) * ((h + 1) / 2) * ((w + 1) / 2)]
@group(0) @binding(7) var<storage, read_write> codes: array<u32>; // [n * channels * ((d + 1) / 2) * ((h + 1) / 2) * ((w + 3) / 4)]
//#if !HALF
@group(0) @binding(8) var<storage, read_write> tops: array<f32>; // [n * channels * ((d + 1) / 2) * ((h + 1) / 2) * ((w + 1) / 2)]
//#end

//#include pool_window

// a / b, exact below 2^20: integer division costs some machines as much as ten loads
fn quotient(a: u32, b: u32) -> u32 {
  return u32((f32(a) + 0.5) / f32(b));
}

fn leaky(v: f32) -> f32 {
  return select(p.slope * v, v, v > 0.0);
}

//#if HALF
//#include half_window
//#include half_maximum
//#end

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let oh = (p.h + 1u) / 2u;
  let ow = (p.w + 1u) / 2u;
  let pairs = (ow + 1u) / 2u;
  let rows = quotient(thread, p.lanes);
  let pair = group.x * p.lanes + thread - rows * p.lanes;
  let line = group.y * quotient(64u, p.lanes) + rows;
  if (pair >= pairs || line >= (p.d + 1u) / 2u * oh) { return; }
  let volume = group.z;
  let c = volume % p.channels;
  let factor = inverse_std[c] * gamma[c];
  let center = mean[c];
  let shift = beta[c];
  let pooled = volume * ((p.d + 1u) / 2u) * oh + line;
  let window = pooled * ow + 2u * pair;
//#if HALF
  let left = half_maximum(x[window], center, factor, shift);
  let right = half_maximum(x[window + select(0u, 1u, 2u * pair + 1u < ow)], center, factor, shift);
//#else
  let depth = quotient(line, oh);
  let z = depth * 2u - p.d % 2u; // below zero wraps around to beyond the volume
  let row = (line - depth * oh) * 2u - p.h % 2u;
  let column = pair * 4u - p.w % 2u;
  let last = p.w - 1u;
  var left = Window();
  var right = Window();
  for (var k = 0u; k < 4u; k++) {
    let iz = z + k / 2u;
    let iy = row + k % 2u;
    let inside = (iz < p.d) & (iy < p.h);
    let start = ((volume * p.d + min(iz, p.d - 1u)) * p.h + min(iy, p.h - 1u)) * p.w;
    let columns = vec4<u32>(column, column + 1u, column + 2u, column + 3u);
    let at = min(columns, vec4<u32>(last)) + start;
    let known = (columns <= vec4<u32>(last)) & vec4<bool>(inside); // a zero of the padding takes part
    let t = select(vec4f(3e38), vec4f(x[at.x], x[at.y], x[at.z], x[at.w]), known);
    let v = select(vec4f(), (t - center) * factor + shift, known);
    left = take(take(left, v.x, t.x, 2u * k), v.y, t.y, 2u * k + 1u);
    right = take(take(right, v.z, t.z, 2u * k), v.w, t.w, 2u * k + 1u);
  }
  tops[window] = left.top;
  if (2u * pair + 1u < ow) { tops[window + 1u] = right.top; }
//#end
  y[window] = leaky(left.best);
  if (2u * pair + 1u < ow) { y[window + 1u] = leaky(right.best); }
  let low = left.at | select(0u, 8u, left.best > 0.0);
  let high = right.at | select(0u, 8u, right.best > 0.0);
  codes[pooled * pairs + pair] = low | (high << 4u);
}
