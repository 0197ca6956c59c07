// 3 x 3 x 3 convolution, stride 2, padding 1:
//   y[n, co, z, y, x] = bias[co] + sum over ci and taps of weight[co, ci, kz, ky, kx] x[n, ci, 2z+kz-1, 2y+ky-1, 2x+kx-1]
// A thread computes one voxel in eight output channels. Weights are packed by conv3d_pack, BLOCK = 8.
// grid: [ow / LANES_X, oh / LANES_Y, n * octets * od]
const LANES_X: u32 = 8u;
const LANES_Y: u32 = 8u;
struct Params { n: u32, ci: u32, co: u32, d: u32, h: u32, w: u32, od: u32, oh: u32, ow: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [n * ci * d * h * w]
@group(0) @binding(2) var<storage, read> weight: array<vec4f>; // [(co + 7) / 8 * ci * 54]
@group(0) @binding(3) var<storage, read> bias: array<f32>; // [co]
@group(0) @binding(4) var<storage, read_write> y: array<f32>; // [n * co * od * oh * ow]

@compute @workgroup_size(LANES_X, LANES_Y)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
  if (id.x >= p.ow || id.y >= p.oh) { return; }
  let z = group.z % p.od;
  let octets = (p.co + 7u) / 8u;
  let octet = group.z / p.od % octets;
  let sample = group.z / (p.od * octets);
  var a = vec4f();
  var b = vec4f();
  for (var c = 0u; c < p.ci; c++) {
    for (var k = 0u; k < 27u; k++) {
      let iz = 2u * z + k / 9u - 1u; // below zero wraps around to beyond the volume
      let iy = 2u * id.y + k / 3u % 3u - 1u;
      let ix = 2u * id.x + k % 3u - 1u;
      if (iz >= p.d || iy >= p.h || ix >= p.w) { continue; }
      let v = x[(((sample * p.ci + c) * p.d + iz) * p.h + iy) * p.w + ix];
      let tap = ((octet * p.ci + c) * 27u + k) * 2u;
      a += weight[tap] * v;
      b += weight[tap + 1u] * v;
    }
  }
  let plane = p.od * p.oh * p.ow;
  let voxel = (z * p.oh + id.y) * p.ow + id.x;
  for (var j = 0u; j < 8u; j++) {
    let channel = octet * 8u + j;
    if (channel < p.co) { y[(sample * p.co + channel) * plane + voxel] = select(b[j & 3u], a[j & 3u], j < 4u) + bias[channel]; }
  }
}
