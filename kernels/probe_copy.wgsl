// y[i] = x[i] in 16-byte pieces: the device's copy bandwidth
// grid: size / 256 workgroups, folded into y beyond 65,535
struct Params { size: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>; // [size]
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>; // [size]

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 256u + lane;
  if (i < p.size) { y[i] = x[i]; }
}
