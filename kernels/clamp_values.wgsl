// x[i] = min(max(x[i], low), high), in place
// A thread takes four elements; buffers are padded to 16 bytes, so the last piece may hold fewer.
// grid: size / 1024 workgroups, folded into y beyond 65,535
struct Params { size: u32, low: f32, high: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> x: array<vec4f>; // [(size + 3) / 4] in place

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 256u + lane;
  if (i * 4u < p.size) { x[i] = clamp(x[i], vec4f(p.low), vec4f(p.high)); }
}
