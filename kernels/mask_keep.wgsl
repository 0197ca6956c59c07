// kept[mask, u] = m[mask, u] where mask_judge says that this mask is to be kept
// grid: [voxels / 256, 1, masks]
struct Params { masks: u32, voxels: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> state: array<f32>; // [masks * 7]
@group(0) @binding(2) var<storage, read> m: array<f32>; // [masks * voxels]
@group(0) @binding(3) var<storage, read_write> kept: array<f32>; // [masks * voxels]

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
  if (id.x >= p.voxels || state[7u * group.z + 4u] == 0.0) { return; }
  let i = group.z * p.voxels + id.x;
  kept[i] = m[i];
}
