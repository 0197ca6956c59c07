// Maximum over 2 x 2 x 2 windows, stride 2. An odd dimension has one zero plane before its first voxel, and the zero
// takes part. argmax is the window position (4 kz + 2 ky + kx) of the first largest value in scan order.
// grid: [ow / LANES_X, oh / LANES_Y, volumes * od], volumes being n * channels
const LANES_X: u32 = 8u;
const LANES_Y: u32 = 8u;
struct Params { volumes: u32, d: u32, h: u32, w: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [volumes * d * h * w]
@group(0) @binding(2) var<storage, read_write> y: array<f32>; // [volumes * ((d + 1) / 2) * ((h + 1) / 2) * ((w + 1) / 2)]
@group(0) @binding(3) var<storage, read_write> argmax: array<u32>; // [volumes * ((d + 1) / 2) * ((h + 1) / 2) * ((w + 1) / 2)]

@compute @workgroup_size(LANES_X, LANES_Y)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
  let od = (p.d + 1u) / 2u;
  let oh = (p.h + 1u) / 2u;
  let ow = (p.w + 1u) / 2u;
  if (id.x >= ow || id.y >= oh) { return; }
  let volume = group.z / od;
  let z0 = 2u * (group.z % od) - p.d % 2u; // below zero wraps around to beyond the volume
  let y0 = 2u * id.y - p.h % 2u;
  let x0 = 2u * id.x - p.w % 2u;
  var best = 0.0;
  var position = 0u;
  for (var k = 0u; k < 8u; k++) {
    let iz = z0 + k / 4u;
    let iy = y0 + k / 2u % 2u;
    let ix = x0 + k % 2u;
    var value = 0.0;
    if (iz < p.d && iy < p.h && ix < p.w) { value = x[((volume * p.d + iz) * p.h + iy) * p.w + ix]; }
    if (k == 0u || value > best) {
      best = value;
      position = k;
    }
  }
  let o = (group.z * oh + id.y) * ow + id.x;
  y[o] = best;
  argmax[o] = position;
}
