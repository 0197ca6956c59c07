// The convolution of conv3d.wgsl for few output channels: a thread computes four neighbours along x in one channel.
// Weights are packed by conv3d_pack, BLOCK = 1.
// grid: [strips of 4 / LANES_X, h / LANES_Y, n * co * d]
const LANES_X: u32 = 8u;
const LANES_Y: u32 = 8u;
const HAS_BIAS: u32 = 1u;
struct Params { n: u32, ci: u32, co: u32, d: u32, h: u32, w: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [n * ci * d * h * w]
@group(0) @binding(2) var<storage, read> weight: array<f32>; // [co * ci * 27]
@group(0) @binding(3) var<storage, read> bias: array<f32>; // [co * HAS_BIAS]
@group(0) @binding(4) var<storage, read_write> y: array<f32>; // [n * co * d * h * w]

fn load(row: u32, column: u32) -> f32 {
  return select(0.0, x[row + min(column, p.w - 1u)], column < p.w);
}

@compute @workgroup_size(LANES_X, LANES_Y)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
  let column = id.x * 4u;
  if (column >= p.w || id.y >= p.h) { return; }
  let z = group.z % p.d;
  let channel = group.z / p.d % p.co;
  let sample = group.z / (p.d * p.co);
  var sum = vec4f();
  if (HAS_BIAS == 1u) { sum = vec4f(bias[channel]); }
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
        let tap = (channel * p.ci + c) * 27u + kz * 9u + ky * 3u;
        sum += weight[tap] * vec4f(v0, v1, v2, v3) + weight[tap + 1u] * vec4f(v1, v2, v3, v4) + weight[tap + 2u] * vec4f(v2, v3, v4, v5);
      }
    }
  }
  let start = (((sample * p.co + channel) * p.d + z) * p.h + id.y) * p.w + column;
  y[start] = sum.x;
  if (column + 1u < p.w) { y[start + 1u] = sum.y; }
  if (column + 2u < p.w) { y[start + 2u] = sum.z; }
  if (column + 3u < p.w) { y[start + 3u] = sum.w; }
}
