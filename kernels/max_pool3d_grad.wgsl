// dx of a voxel is dy of its window where it was the maximum, else 0; windows and argmax as in max_pool3d.wgsl
// A workgroup covers `lanes` voxels of 64 / lanes rows, a row being one (z, y); volumes are n * channels.
// grid: [w / lanes, d * h / (64 / lanes), volumes]
struct Params { volumes: u32, d: u32, h: u32, w: u32, lanes: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>; // [volumes * ((d + 1) / 2) * ((h + 1) / 2) * ((w + 1) / 2)]
@group(0) @binding(2) var<storage, read> argmax: array<u32>; // [volumes * ((d + 1) / 2) * ((h + 1) / 2) * ((w + 1) / 2)]
@group(0) @binding(3) var<storage, read_write> dx: array<f32>; // [volumes * d * h * w]

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let column = group.x * p.lanes + thread % p.lanes;
  let line = group.y * (64u / p.lanes) + thread / p.lanes;
  if (column >= p.w || line >= p.d * p.h) { return; }
  let volume = group.z;
  let pz = line / p.h + p.d % 2u;
  let py = line % p.h + p.h % 2u;
  let px = column + p.w % 2u;
  let o = ((volume * ((p.d + 1u) / 2u) + pz / 2u) * ((p.h + 1u) / 2u) + py / 2u) * ((p.w + 1u) / 2u) + px / 2u;
  let position = 4u * (pz % 2u) + 2u * (py % 2u) + px % 2u;
  dx[(volume * p.d * p.h + line) * p.w + column] = select(0.0, dy[o], argmax[o] == position);
}
