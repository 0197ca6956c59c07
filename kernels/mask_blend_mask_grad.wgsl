// dm[u] = sum over n of dy[n, u] (x[n, u] - mu[u])
// grid: [voxels / 256]
const MU_VOLUME: u32 = 0u;
struct Params { n: u32, voxels: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>; // [n * voxels]
@group(0) @binding(2) var<storage, read> x: array<f32>; // [n * voxels]
@group(0) @binding(3) var<storage, read> mu: array<f32>; // [(voxels - 1) * MU_VOLUME + 1]
@group(0) @binding(4) var<storage, read_write> dm: array<f32>; // [voxels]

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= p.voxels) { return; }
  var sum = 0.0;
  for (var sample = 0u; sample < p.n; sample++) {
    let i = sample * p.voxels + id.x;
    sum += dy[i] * (x[i] - mu[id.x * MU_VOLUME]);
  }
  dm[id.x] = sum;
}
