// Every volume moved by whole voxels: y[i, u] = x[i, u - s[i]], and 0 where u - s[i] lies outside
// offsets holds reach + s of each volume along d, h and w, so that no number is negative.
// grid: [d * h * w / 256, 1, volumes]
struct Params { volumes: u32, d: u32, h: u32, w: u32, reach: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [volumes * d * h * w]
@group(0) @binding(2) var<storage, read> offsets: array<u32>; // [volumes * 3]
@group(0) @binding(3) var<storage, read_write> y: array<f32>; // [volumes * d * h * w]

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let voxels = p.d * p.h * p.w;
  if (id.x >= voxels) { return; }
  let shape = vec3<u32>(p.d, p.h, p.w);
  let u = vec3<u32>(id.x / p.w / p.h, id.x / p.w % p.h, id.x % p.w);
  let s = vec3<u32>(offsets[3u * id.z], offsets[3u * id.z + 1u], offsets[3u * id.z + 2u]);
  // a source below 0 wraps around to a large number, which is outside as well
  let source = u + p.reach - s;
  var value = 0.0;
  if (all(source < shape)) {
    value = x[id.z * voxels + (source.x * p.h + source.y) * p.w + source.z];
  }
  y[id.z * voxels + id.x] = value;
}
