// dm[u] = -dloss factor exponent |1 - m[u]|^(exponent - 1) sign(1 - m[u]), and 0 where m[u] = 1
// grid: voxels / 256 workgroups, folded into y beyond 65,535
struct Params { voxels: u32, exponent: f32, factor: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> m: array<f32>; // [voxels]
@group(0) @binding(2) var<storage, read> dloss: array<f32>; // [1]
@group(0) @binding(3) var<storage, read_write> dm: array<f32>; // [voxels]

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let u = (group.y * groups.x + group.x) * 256u + lane;
  if (u >= p.voxels) { return; }
  let t = 1.0 - m[u];
  var slope = 0.0;
  if (t != 0.0) { slope = p.exponent * pow(abs(t), p.exponent - 1.0) * sign(t); }
  dm[u] = -dloss[0] * p.factor * slope;
}
