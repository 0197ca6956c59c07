// 3 x 3 x 3 convolution, stride 1, padding 1:
//   y[n, co, z, y, x] = bias[co] + sum over ci and taps of weight[co, ci, kz, ky, kx] x[n, ci, z+kz-1, y+ky-1, x+kx-1]
// A thread computes four neighbours along x in eight output channels. Weights are packed by conv3d_pack, BLOCK = 8.
// The same kernel gives the input gradient (transposed weights, HAS_BIAS = 0).
// grid: [strips of 4 / LANES_X, h / LANES_Y, n * octets * d]
const LANES_X: u32 = 8u;
const LANES_Y: u32 = 8u;
const HAS_BIAS: u32 = 1u;
struct Params { n: u32, ci: u32, co: u32, d: u32, h: u32, w: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [n * ci * d * h * w]
@group(0) @binding(2) var<storage, read> weight: array<vec4f>; // [(co + 7) / 8 * ci * 54]
@group(0) @binding(3) var<storage, read> bias: array<f32>; // [co * HAS_BIAS]
@group(0) @binding(4) var<storage, read_write> y: array<f32>; // [n * co * d * h * w]

fn load(row: u32, column: u32) -> f32 {
  return select(0.0, x[row + min(column, p.w - 1u)], column < p.w);
}

fn store(channel: u32, row: u32, column: u32, values: vec4f) {
  if (channel >= p.co) { return; }
  var b = 0.0;
  if (HAS_BIAS == 1u) { b = bias[channel]; }
  let start = channel * p.d * p.h * p.w + row + column;
  y[start] = values.x + b;
  if (column + 1u < p.w) { y[start + 1u] = values.y + b; }
  if (column + 2u < p.w) { y[start + 2u] = values.z + b; }
  if (column + 3u < p.w) { y[start + 3u] = values.w + b; }
}

@compute @workgroup_size(LANES_X, LANES_Y)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
  let column = id.x * 4u;
  if (column >= p.w || id.y >= p.h) { return; }
  let z = group.z % p.d;
  let octets = (p.co + 7u) / 8u;
  let octet = group.z / p.d % octets;
  let sample = group.z / (p.d * octets);
  var a0 = vec4f(); var a1 = vec4f(); var a2 = vec4f(); var a3 = vec4f();
  var b0 = vec4f(); var b1 = vec4f(); var b2 = vec4f(); var b3 = vec4f();
  for (var c = 0u; c < p.ci; c++) {
    for (var kz = 0u; kz < 3u; kz++) {
      let iz = z + kz - 1u; // below zero wraps around to beyond the volume
      if (iz >= p.d) { continue; }
      for (var ky = 0u; ky < 3u; ky++) {
        let iy = id.y + ky - 1u;
        if (iy >= p.h) { continue; }
        let row = (((sample * p.ci + c) * p.d + iz) * p.h + iy) * p.w;
        let v0 = load(row, column - 1u);
        let v1 = load(row, column);
        let v2 = load(row, column + 1u);
        let v3 = load(row, column + 2u);
        let v4 = load(row, column + 3u);
        let v5 = load(row, column + 4u);
        let tap = ((octet * p.ci + c) * 9u + kz * 3u + ky) * 6u;
        let l0 = weight[tap];
        let l1 = weight[tap + 2u];
        let l2 = weight[tap + 4u];
        a0 += l0 * v0 + l1 * v1 + l2 * v2;
        a1 += l0 * v1 + l1 * v2 + l2 * v3;
        a2 += l0 * v2 + l1 * v3 + l2 * v4;
        a3 += l0 * v3 + l1 * v4 + l2 * v5;
        let h0 = weight[tap + 1u];
        let h1 = weight[tap + 3u];
        let h2 = weight[tap + 5u];
        b0 += h0 * v0 + h1 * v1 + h2 * v2;
        b1 += h0 * v1 + h1 * v2 + h2 * v3;
        b2 += h0 * v2 + h1 * v3 + h2 * v4;
        b3 += h0 * v3 + h1 * v4 + h2 * v5;
      }
    }
  }
  let row = sample * p.co * p.d * p.h * p.w + (z * p.h + id.y) * p.w;
  store(octet * 8u, row, column, vec4f(a0.x, a1.x, a2.x, a3.x));
  store(octet * 8u + 1u, row, column, vec4f(a0.y, a1.y, a2.y, a3.y));
  store(octet * 8u + 2u, row, column, vec4f(a0.z, a1.z, a2.z, a3.z));
  store(octet * 8u + 3u, row, column, vec4f(a0.w, a1.w, a2.w, a3.w));
  store(octet * 8u + 4u, row, column, vec4f(b0.x, b1.x, b2.x, b3.x));
  store(octet * 8u + 5u, row, column, vec4f(b0.y, b1.y, b2.y, b3.y));
  store(octet * 8u + 6u, row, column, vec4f(b0.z, b1.z, b2.z, b3.z));
  store(octet * 8u + 7u, row, column, vec4f(b0.w, b1.w, b2.w, b3.w));
}
