// dm[u] = -dloss factor 2 (t - s), with t = 1 - m[u] and s as in mask_area.wgsl
// grid: voxels / 256 workgroups, folded into y beyond 65,535
struct Params { voxels: u32, factor: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> m: array<f32>; // [voxels]
@group(0) @binding(2) var<storage, read> border: array<f32>; // [2]
@group(0) @binding(3) var<storage, read> dloss: array<f32>; // [1]
@group(0) @binding(4) var<storage, read_write> dm: array<f32>; // [voxels]

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let u = (group.y * groups.x + group.x) * 256u + lane;
  if (u >= p.voxels) { return; }
  let key = bitcast<u32>(m[u]) & 0x7fffffffu;
  let threshold = bitcast<u32>(border[0]);
  let s = select(select(0.0, border[1], key == threshold), 1.0, key < threshold);
  dm[u] = -dloss[0] * p.factor * 2.0 * (1.0 - m[u] - s);
}
