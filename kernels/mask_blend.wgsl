// Equation 1: y[i, u] = m[k, u] x[i, u] + (1 - m[k, u]) mu[u], k = i / each: every mask blends so many images that follow
// one another. mu is one number if MU_VOLUME = 0, and is one for each image if MU_OWN = 1.
// grid: [voxels / 256, 1, n]
const MU_VOLUME: u32 = 0u;
const MU_OWN: u32 = 0u;
struct Params { n: u32, each: u32, voxels: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> m: array<f32>; // [n / each * voxels]
@group(0) @binding(2) var<storage, read> x: array<f32>; // [n * voxels]
@group(0) @binding(3) var<storage, read> mu: array<f32>; // [((n - 1) * MU_OWN + 1) * ((voxels - 1) * MU_VOLUME + 1)]
@group(0) @binding(4) var<storage, read_write> y: array<f32>; // [n * voxels]

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
  if (id.x >= p.voxels) { return; }
  let i = group.z * p.voxels + id.x;
  let share = m[group.z / p.each * p.voxels + id.x];
  y[i] = share * x[i] + (1.0 - share) * mu[group.z * p.voxels * MU_OWN + id.x * MU_VOLUME];
}
