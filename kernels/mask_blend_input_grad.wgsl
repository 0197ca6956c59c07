// dx[n, u] = m[u] dy[n, u]
// grid: [voxels / 256, 1, n]
struct Params { n: u32, voxels: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> m: array<f32>; // [voxels]
@group(0) @binding(2) var<storage, read> dy: array<f32>; // [n * voxels]
@group(0) @binding(3) var<storage, read_write> dx: array<f32>; // [n * voxels]

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
  if (id.x >= p.voxels) { return; }
  let i = group.z * p.voxels + id.x;
  dx[i] = m[id.x] * dy[i];
}
