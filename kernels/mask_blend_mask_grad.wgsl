// dm[k, u] = sum over the images i of mask k of dy[i, u] (x[i, u] - mu[i, u]), as in mask_blend
// grid: [voxels / 256, 1, n / each]
const MU_VOLUME: u32 = 0u;
const MU_OWN: u32 = 0u;
struct Params { n: u32, each: u32, voxels: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>; // [n * voxels]
@group(0) @binding(2) var<storage, read> x: array<f32>; // [n * voxels]
@group(0) @binding(3) var<storage, read> mu: array<f32>; // [((n - 1) * MU_OWN + 1) * ((voxels - 1) * MU_VOLUME + 1)]
@group(0) @binding(4) var<storage, read_write> dm: array<f32>; // [n / each * voxels]

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
  if (id.x >= p.voxels) { return; }
  var sum = 0.0;
  for (var image = 0u; image < p.each; image++) {
    let start = (group.z * p.each + image) * p.voxels;
    let i = start + id.x;
    sum += dy[i] * (x[i] - mu[start * MU_OWN + id.x * MU_VOLUME]);
  }
  dm[group.z * p.voxels + id.x] = sum;
}
