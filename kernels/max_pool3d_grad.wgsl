// dx of a voxel is dy of its window where it was the maximum, else 0; windows and argmax as in max_pool3d.wgsl
// grid: [w / LANES_X, h / LANES_Y, volumes * d]
const LANES_X: u32 = 8u;
const LANES_Y: u32 = 8u;
struct Params { volumes: u32, d: u32, h: u32, w: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>; // [volumes * ((d + 1) / 2) * ((h + 1) / 2) * ((w + 1) / 2)]
@group(0) @binding(2) var<storage, read> argmax: array<u32>; // [volumes * ((d + 1) / 2) * ((h + 1) / 2) * ((w + 1) / 2)]
@group(0) @binding(3) var<storage, read_write> dx: array<f32>; // [volumes * d * h * w]

@compute @workgroup_size(LANES_X, LANES_Y)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
  if (id.x >= p.w || id.y >= p.h) { return; }
  let volume = group.z / p.d;
  let pz = group.z % p.d + p.d % 2u;
  let py = id.y + p.h % 2u;
  let px = id.x + p.w % 2u;
  let o = ((volume * ((p.d + 1u) / 2u) + pz / 2u) * ((p.h + 1u) / 2u) + py / 2u) * ((p.w + 1u) / 2u) + px / 2u;
  let position = 4u * (pz % 2u) + 2u * (py % 2u) + px % 2u;
  dx[(group.z * p.h + id.y) * p.w + id.x] = select(0.0, dy[o], argmax[o] == position);
}
