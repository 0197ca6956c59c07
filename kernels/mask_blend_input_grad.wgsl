// dx[i, u] = m[k, u] dy[i, u], k = i / each as in mask_blend
// grid: [voxels / 256, 1, n]
struct Params { n: u32, each: u32, voxels: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> m: array<f32>; // [n / each * voxels]
@group(0) @binding(2) var<storage, read> dy: array<f32>; // [n * voxels]
@group(0) @binding(3) var<storage, read_write> dx: array<f32>; // [n * voxels]

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
  if (id.x >= p.voxels) { return; }
  let i = group.z * p.voxels + id.x;
  dx[i] = m[group.z / p.each * p.voxels + id.x] * dy[i];
}
