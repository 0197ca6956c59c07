// da[i] = dloss slope (a[i] - b[i]); the gradient of b is the same with the other sign
// grid: size / 256 workgroups, folded into y beyond 65,535
struct Params { size: u32, slope: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>; // [size]
@group(0) @binding(2) var<storage, read> b: array<f32>; // [size]
@group(0) @binding(3) var<storage, read> dloss: array<f32>; // [1]
@group(0) @binding(4) var<storage, read_write> da: array<f32>; // [size]

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 256u + lane;
  if (i < p.size) { da[i] = dloss[0] * p.slope * (a[i] - b[i]); }
}
