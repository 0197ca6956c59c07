// Input gradient of the stride-2 convolution:
//   dx[n, ci, z, y, x] = sum over co and taps with (z+1-kz, y+1-ky, x+1-kx) even of
//                        weight[co, ci, kz, ky, kx] dy[n, co, (z+1-kz)/2, (y+1-ky)/2, (x+1-kx)/2]
// A thread computes one voxel in eight input channels. Weights are packed by conv3d_pack, BLOCK = 8, TRANSPOSED = 1,
// so the tap k of the formula stands at 26 - k.
// A workgroup covers `lanes` voxels of 64 / lanes rows, a row being one (z, y).
// operations: 54 * n * ci * co * od * oh * ow
// grid: [w / lanes, d * h / (64 / lanes), n * octets]
struct Params { n: u32, ci: u32, co: u32, d: u32, h: u32, w: u32, od: u32, oh: u32, ow: u32, lanes: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>; // [n * co * od * oh * ow]
@group(0) @binding(2) var<storage, read> weight: array<vec4f>; // [(ci + 7) / 8 * co * 54]
@group(0) @binding(3) var<storage, read_write> dx: array<f32>; // [n * ci * d * h * w]

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let column = group.x * p.lanes + thread % p.lanes;
  let line = group.y * (64u / p.lanes) + thread / p.lanes;
  if (column >= p.w || line >= p.d * p.h) { return; }
  let z = line / p.h;
  let line_y = line % p.h;
  let octets = (p.ci + 7u) / 8u;
  let octet = group.z % octets;
  let sample = group.z / octets;
  var a = vec4f();
  var b = vec4f();
  for (var c = 0u; c < p.co; c++) {
    for (var k = 0u; k < 27u; k++) {
      let tz = z + 1u - k / 9u; // below zero wraps around to beyond the volume
      let ty = line_y + 1u - k / 3u % 3u;
      let tx = column + 1u - k % 3u;
      if (((tz | ty | tx) & 1u) == 1u || tz / 2u >= p.od || ty / 2u >= p.oh || tx / 2u >= p.ow) { continue; }
      let g = dy[(((sample * p.co + c) * p.od + tz / 2u) * p.oh + ty / 2u) * p.ow + tx / 2u];
      let tap = ((octet * p.co + c) * 27u + 26u - k) * 2u;
      a += weight[tap] * g;
      b += weight[tap + 1u] * g;
    }
  }
  let plane = p.d * p.h * p.w;
  let voxel = line * p.w + column;
  for (var j = 0u; j < 8u; j++) {
    let channel = octet * 8u + j;
    if (channel < p.ci) { dx[(sample * p.ci + channel) * plane + voxel] = select(b[j & 3u], a[j & 3u], j < 4u); }
  }
}
