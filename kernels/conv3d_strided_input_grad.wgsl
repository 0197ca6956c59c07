// Input gradient of the stride-2 convolution:
//   dx[n, ci, z, y, x] = sum over co and taps with (z+1-kz, y+1-ky, x+1-kx) even of
//                        weight[co, ci, kz, ky, kx] dy[n, co, (z+1-kz)/2, (y+1-ky)/2, (x+1-kx)/2]
// A thread computes one voxel in eight input channels. Weights are packed by conv3d_pack, BLOCK = 8, TRANSPOSED = 1,
// so the tap k of the formula stands at 26 - k.
// grid: [w / LANES_X, h / LANES_Y, n * octets * d]
const LANES_X: u32 = 8u;
const LANES_Y: u32 = 8u;
struct Params { n: u32, ci: u32, co: u32, d: u32, h: u32, w: u32, od: u32, oh: u32, ow: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>; // [n * co * od * oh * ow]
@group(0) @binding(2) var<storage, read> weight: array<vec4f>; // [(ci + 7) / 8 * co * 54]
@group(0) @binding(3) var<storage, read_write> dx: array<f32>; // [n * ci * d * h * w]

@compute @workgroup_size(LANES_X, LANES_Y)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
  if (id.x >= p.w || id.y >= p.h) { return; }
  let z = group.z % p.d;
  let octets = (p.ci + 7u) / 8u;
  let octet = group.z / p.d % octets;
  let sample = group.z / (p.d * octets);
  var a = vec4f();
  var b = vec4f();
  for (var c = 0u; c < p.co; c++) {
    for (var k = 0u; k < 27u; k++) {
      let tz = z + 1u - k / 9u; // below zero wraps around to beyond the volume
      let ty = id.y + 1u - k / 3u % 3u;
      let tx = id.x + 1u - k % 3u;
      if (((tz | ty | tx) & 1u) == 1u || tz / 2u >= p.od || ty / 2u >= p.oh || tx / 2u >= p.ow) { continue; }
      let g = dy[(((sample * p.co + c) * p.od + tz / 2u) * p.oh + ty / 2u) * p.ow + tx / 2u];
      let tap = ((octet * p.co + c) * 27u + 26u - k) * 2u;
      a += weight[tap] * g;
      b += weight[tap + 1u] * g;
    }
  }
  let plane = p.d * p.h * p.w;
  let voxel = (z * p.h + id.y) * p.w + id.x;
  for (var j = 0u; j < 8u; j++) {
    let channel = octet * 8u + j;
    if (channel < p.ci) { dx[(sample * p.ci + channel) * plane + voxel] = select(b[j & 3u], a[j & 3u], j < 4u); }
  }
}
