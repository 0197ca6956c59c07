// y[i] = alpha a[i] + beta b[i]
// A thread takes four elements; buffers are padded to 16 bytes, so the last piece may hold fewer.
// grid: size / 1024 workgroups, folded into y beyond 65,535
struct Params { size: u32, alpha: f32, beta: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>; // [(size + 3) / 4]
@group(0) @binding(2) var<storage, read> b: array<vec4f>; // [(size + 3) / 4]
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>; // [(size + 3) / 4]

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 256u + lane;
  if (i * 4u < p.size) { y[i] = p.alpha * a[i] + p.beta * b[i]; }
}
