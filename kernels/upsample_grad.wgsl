// dx of a voxel is the sum of dy over the voxels that have its value, up to 2 x 2 x 2 of them; windows as in upsample.wgsl
// A workgroup covers `lanes` voxels of 64 / lanes rows, a row being one (z, y); volumes are n * channels.
// grid: [ow / lanes, od * oh / (64 / lanes), volumes]
struct Params { volumes: u32, d: u32, h: u32, w: u32, lanes: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>; // [volumes * d * h * w]
@group(0) @binding(2) var<storage, read_write> dx: array<f32>; // [volumes * ((d + 1) / 2) * ((h + 1) / 2) * ((w + 1) / 2)]

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let od = (p.d + 1u) / 2u;
  let oh = (p.h + 1u) / 2u;
  let ow = (p.w + 1u) / 2u;
  let column = group.x * p.lanes + thread % p.lanes;
  let line = group.y * (64u / p.lanes) + thread / p.lanes;
  if (column >= ow || line >= od * oh) { return; }
  let volume = group.z;
  let z0 = 2u * (line / oh) - p.d % 2u; // below zero wraps around to beyond the volume
  let y0 = 2u * (line % oh) - p.h % 2u;
  let x0 = 2u * column - p.w % 2u;
  var sum = 0.0;
  for (var k = 0u; k < 8u; k++) {
    let iz = z0 + k / 4u;
    let iy = y0 + k / 2u % 2u;
    let ix = x0 + k % 2u;
    if (iz < p.d && iy < p.h && ix < p.w) { sum += dy[((volume * p.d + iz) * p.h + iy) * p.w + ix]; }
  }
  dx[(volume * od * oh + line) * ow + column] = sum;
}
