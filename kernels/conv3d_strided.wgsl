// 3 x 3 x 3 convolution, stride 2, padding 1:
//   y[n, co, z, y, x] = bias[co] + sum over ci and taps of weight[co, ci, kz, ky, kx] x[n, ci, 2z+kz-1, 2y+ky-1, 2x+kx-1]
// A thread computes one voxel in eight output channels. Weights are packed by conv3d_pack, BLOCK = 8.
// A workgroup covers `lanes` voxels of 64 / lanes rows, a row being one (z, y).
// operations: 54 * n * ci * co * od * oh * ow
// grid: [ow / lanes, od * oh / (64 / lanes), n * octets]
struct Params { n: u32, ci: u32, co: u32, d: u32, h: u32, w: u32, od: u32, oh: u32, ow: u32, lanes: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [n * ci * d * h * w]
@group(0) @binding(2) var<storage, read> weight: array<vec4f>; // [(co + 7) / 8 * ci * 54]
@group(0) @binding(3) var<storage, read> bias: array<f32>; // [co]
@group(0) @binding(4) var<storage, read_write> y: array<f32>; // [n * co * od * oh * ow]

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let column = group.x * p.lanes + thread % p.lanes;
  let line = group.y * (64u / p.lanes) + thread / p.lanes;
  if (column >= p.ow || line >= p.od * p.oh) { return; }
  let z = line / p.oh;
  let line_y = line % p.oh;
  let octets = (p.co + 7u) / 8u;
  let octet = group.z % octets;
  let sample = group.z / octets;
  var a = vec4f();
  var b = vec4f();
  for (var c = 0u; c < p.ci; c++) {
    for (var k = 0u; k < 27u; k++) {
      let iz = 2u * z + k / 9u - 1u; // below zero wraps around to beyond the volume
      let iy = 2u * line_y + k / 3u % 3u - 1u;
      let ix = 2u * column + k % 3u - 1u;
      if (iz >= p.d || iy >= p.h || ix >= p.w) { continue; }
      let v = x[(((sample * p.ci + c) * p.d + iz) * p.h + iy) * p.w + ix];
      let tap = ((octet * p.ci + c) * 27u + k) * 2u;
      a += weight[tap] * v;
      b += weight[tap + 1u] * v;
    }
  }
  let plane = p.od * p.oh * p.ow;
  let voxel = line * p.ow + column;
  for (var j = 0u; j < 8u; j++) {
    let channel = octet * 8u + j;
    if (channel < p.co) { y[(sample * p.co + channel) * plane + voxel] = select(b[j & 3u], a[j & 3u], j < 4u) + bias[channel]; }
  }
}
