// 3 x 3 x 3 convolution, stride 1, padding 1:
//   y[n, co, z, y, x] = bias[co] + sum over ci and taps of weight[co, ci, kz, ky, kx] x[n, ci, z+kz-1, y+ky-1, x+kx-1]
// A thread computes a strip of eight neighbours along x in eight output channels (an octet): sixteen vec4 sums, each
// input value it loads serving up to 24 of them. Weights are packed by conv3d_pack, BLOCK = 8.
// The same kernel gives the input gradient (transposed weights, HAS_BIAS = 0).
// A workgroup covers `lanes` strips of 64 / lanes rows, a row being one (z, y).
// grid: [strips / lanes, d * h / (64 / lanes), n * octets]
const HAS_BIAS: u32 = 1u;
struct Params { n: u32, ci: u32, co: u32, d: u32, h: u32, w: u32, lanes: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [n * ci * d * h * w]
@group(0) @binding(2) var<storage, read> weight: array<vec4f>; // [(co + 7) / 8 * ci * 54]
@group(0) @binding(3) var<storage, read> bias: array<f32>; // [co * HAS_BIAS]
@group(0) @binding(4) var<storage, read_write> y: array<f32>; // [n * co * d * h * w]

fn load(row: u32, column: u32) -> f32 {
  return select(0.0, x[row + min(column, p.w - 1u)], column < p.w);
}

fn store(channel: u32, row: u32, column: u32, left: vec4f, right: vec4f) {
  if (channel >= p.co) { return; }
  var b = 0.0;
  if (HAS_BIAS == 1u) { b = bias[channel]; }
  let start = channel * p.d * p.h * p.w + row + column;
  let end = min(p.w - column, 8u);
  for (var i = 0u; i < end; i++) { y[start + i] = select(right[i & 3u], left[i & 3u], i < 4u) + b; }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let column = (group.x * p.lanes + thread % p.lanes) * 8u;
  let line = group.y * (64u / p.lanes) + thread / p.lanes;
  if (column >= p.w || line >= p.d * p.h) { return; }
  let z = line / p.h;
  let line_y = line % p.h;
  let octets = (p.co + 7u) / 8u;
  let octet = group.z % octets;
  let sample = group.z / octets;
  var a0 = vec4f(); var a1 = vec4f(); var a2 = vec4f(); var a3 = vec4f(); var a4 = vec4f(); var a5 = vec4f(); var a6 = vec4f(); var a7 = vec4f();
  var b0 = vec4f(); var b1 = vec4f(); var b2 = vec4f(); var b3 = vec4f(); var b4 = vec4f(); var b5 = vec4f(); var b6 = vec4f(); var b7 = vec4f();
  for (var c = 0u; c < p.ci; c++) {
    for (var kz = 0u; kz < 3u; kz++) {
      let iz = z + kz - 1u; // below zero wraps around to beyond the volume
      if (iz >= p.d) { continue; }
      for (var ky = 0u; ky < 3u; ky++) {
        let iy = line_y + ky - 1u;
        if (iy >= p.h) { continue; }
        let row = (((sample * p.ci + c) * p.d + iz) * p.h + iy) * p.w;
        let v0 = load(row, column - 1u);
        let v1 = load(row, column);
        let v2 = load(row, column + 1u);
        let v3 = load(row, column + 2u);
        let v4 = load(row, column + 3u);
        let v5 = load(row, column + 4u);
        let v6 = load(row, column + 5u);
        let v7 = load(row, column + 6u);
        let v8 = load(row, column + 7u);
        let v9 = load(row, column + 8u);
        let tap = ((octet * p.ci + c) * 9u + kz * 3u + ky) * 6u;
        let l0 = weight[tap];
        let l1 = weight[tap + 2u];
        let l2 = weight[tap + 4u];
        a0 += l0 * v0 + l1 * v1 + l2 * v2;
        a1 += l0 * v1 + l1 * v2 + l2 * v3;
        a2 += l0 * v2 + l1 * v3 + l2 * v4;
        a3 += l0 * v3 + l1 * v4 + l2 * v5;
        a4 += l0 * v4 + l1 * v5 + l2 * v6;
        a5 += l0 * v5 + l1 * v6 + l2 * v7;
        a6 += l0 * v6 + l1 * v7 + l2 * v8;
        a7 += l0 * v7 + l1 * v8 + l2 * v9;
        let h0 = weight[tap + 1u];
        let h1 = weight[tap + 3u];
        let h2 = weight[tap + 5u];
        b0 += h0 * v0 + h1 * v1 + h2 * v2;
        b1 += h0 * v1 + h1 * v2 + h2 * v3;
        b2 += h0 * v2 + h1 * v3 + h2 * v4;
        b3 += h0 * v3 + h1 * v4 + h2 * v5;
        b4 += h0 * v4 + h1 * v5 + h2 * v6;
        b5 += h0 * v5 + h1 * v6 + h2 * v7;
        b6 += h0 * v6 + h1 * v7 + h2 * v8;
        b7 += h0 * v7 + h1 * v8 + h2 * v9;
      }
    }
  }
  let row = sample * p.co * p.d * p.h * p.w + line * p.w;
  store(octet * 8u, row, column, vec4f(a0.x, a1.x, a2.x, a3.x), vec4f(a4.x, a5.x, a6.x, a7.x));
  store(octet * 8u + 1u, row, column, vec4f(a0.y, a1.y, a2.y, a3.y), vec4f(a4.y, a5.y, a6.y, a7.y));
  store(octet * 8u + 2u, row, column, vec4f(a0.z, a1.z, a2.z, a3.z), vec4f(a4.z, a5.z, a6.z, a7.z));
  store(octet * 8u + 3u, row, column, vec4f(a0.w, a1.w, a2.w, a3.w), vec4f(a4.w, a5.w, a6.w, a7.w));
  store(octet * 8u + 4u, row, column, vec4f(b0.x, b1.x, b2.x, b3.x), vec4f(b4.x, b5.x, b6.x, b7.x));
  store(octet * 8u + 5u, row, column, vec4f(b0.y, b1.y, b2.y, b3.y), vec4f(b4.y, b5.y, b6.y, b7.y));
  store(octet * 8u + 6u, row, column, vec4f(b0.z, b1.z, b2.z, b3.z), vec4f(b4.z, b5.z, b6.z, b7.z));
  store(octet * 8u + 7u, row, column, vec4f(b0.w, b1.w, b2.w, b3.w), vec4f(b4.w, b5.w, b6.w, b7.w));
}
