// Input gradient of batchnorm_pool, the batch's own statistics being part of it:
//   dx = gamma inverse_std (g - mean(g) - xhat mean(g xhat)),  xhat = (x - mean) inverse_std,
// where g is the window's dy times LeakyReLU's slope at its maximum and 0 elsewhere, and the means are over the batch, of
// which x may be part; line is as batchnorm_pool_grad_merge made it. dx holds x at first.
// HALF = 1: x is a tensor of its own, in half precision, window after window as half_window has it.
// A thread takes two windows; a workgroup covers `lanes` pairs of them in 64 / lanes rows, a row being one (z, y).
// grid: [pairs / lanes, od * oh / (64 / lanes), n * channels]
const HALF: u32 = 0u;
struct Params { n: u32, channels: u32, d: u32, h: u32, w: u32, lanes: u32, slope: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>; // [n * channels * ((d + 1) / 2) * ((h + 1) / 2) * ((w + 1) / 2)]
@group(0) @binding(2) var<storage, read> codes: array<u32>; // [n * channels * ((d + 1) / 2) * ((h + 1) / 2) * ((w + 3) / 4)]
@group(0) @binding(3) var<storage, read> line: array<vec4f>; // [channels]
//#if HALF
@group(0) @binding(4) var<storage, read_write> dx: array<f32>; // [n * channels * d * h * w]
@group(0) @binding(5) var<storage, read> x: array<vec4<u32>>; // [n * channels * ((d + 1) / 2) * ((h + 1) / 2) * ((w + 1) / 2)]
//#else
@group(0) @binding(4) var<storage, read_write> dx: array<f32>; // [n * channels * d * h * w] in place
//#end

// a / b, exact below 2^20: integer division costs some machines as much as ten loads
fn quotient(a: u32, b: u32) -> u32 {
  return u32((f32(a) + 0.5) / f32(b));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let oh = (p.h + 1u) / 2u;
  let ow = (p.w + 1u) / 2u;
  let pairs = (ow + 1u) / 2u;
  let rows = quotient(thread, p.lanes);
  let pair = group.x * p.lanes + thread - rows * p.lanes;
  let place = group.y * quotient(64u, p.lanes) + rows;
  if (pair >= pairs || place >= (p.d + 1u) / 2u * oh) { return; }
  let volume = group.z;
  let normal = line[volume % p.channels]; // factor, mean, and how far the two sums pull
  let pooled = volume * ((p.d + 1u) / 2u) * oh + place;
  let word = codes[pooled * pairs + pair];
  let next = min(2u * pair + 1u, ow - 1u);
  let left = dy[pooled * ow + 2u * pair] * select(p.slope, 1.0, (word & 8u) > 0u);
  let right = dy[pooled * ow + next] * select(p.slope, 1.0, (word & 128u) > 0u);
  let depth = quotient(place, oh);
  let z = depth * 2u - p.d % 2u; // below zero wraps around to beyond the volume
  let row = (place - depth * oh) * 2u - p.h % 2u;
  let column = pair * 4u - p.w % 2u;
//#if HALF
  let left_words = x[pooled * ow + 2u * pair];
  let right_words = x[pooled * ow + next];
//#end
  for (var k = 0u; k < 4u; k++) {
    let iz = z + k / 2u;
    let iy = row + k % 2u;
    if (iz >= p.d || iy >= p.h) { continue; }
    let start = ((volume * p.d + iz) * p.h + iy) * p.w;
    let g = vec4f(select(0.0, left, (word & 7u) == 2u * k), select(0.0, left, (word & 7u) == 2u * k + 1u),
                  select(0.0, right, ((word >> 4u) & 7u) == 2u * k), select(0.0, right, ((word >> 4u) & 7u) == 2u * k + 1u));
//#if HALF
    let l = unpack2x16float(left_words[k]);
    let r = unpack2x16float(right_words[k]);
    let gradient = normal.x * (g - normal.z - (vec4f(l.x, l.y, r.x, r.y) - normal.y) * normal.w);
    for (var j = 0u; j < 4u; j++) {
      if (column + j < p.w) { dx[start + column + j] = gradient[j]; }
    }
//#else
    for (var j = 0u; j < 4u; j++) {
      let i = column + j;
      if (i < p.w) { dx[start + i] = normal.x * (g[j] - normal.z - (dx[start + i] - normal.y) * normal.w); }
    }
//#end
  }
}
