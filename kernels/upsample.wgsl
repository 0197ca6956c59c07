// Nearest neighbour, twice the size: y[i] = x[floor((i + size % 2) / 2)] along each axis of y. An odd axis lacks the first
// voxel, as its pooling had a plane in front: voxels of y get the value of the window that max_pool3d.wgsl put them in.
// A workgroup covers `lanes` voxels of 64 / lanes rows, a row being one (z, y); volumes are n * channels.
// grid: [w / lanes, d * h / (64 / lanes), volumes]
struct Params { volumes: u32, d: u32, h: u32, w: u32, lanes: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [volumes * ((d + 1) / 2) * ((h + 1) / 2) * ((w + 1) / 2)]
@group(0) @binding(2) var<storage, read_write> y: array<f32>; // [volumes * d * h * w]

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
  let column = group.x * p.lanes + thread % p.lanes;
  let line = group.y * (64u / p.lanes) + thread / p.lanes;
  if (column >= p.w || line >= p.d * p.h) { return; }
  let volume = group.z;
  let oz = (line / p.h + p.d % 2u) / 2u;
  let oy = (line % p.h + p.h % 2u) / 2u;
  let ox = (column + p.w % 2u) / 2u;
  let source = ((volume * ((p.d + 1u) / 2u) + oz) * ((p.h + 1u) / 2u) + oy) * ((p.w + 1u) / 2u) + ox;
  y[(volume * p.d * p.h + line) * p.w + column] = x[source];
}
