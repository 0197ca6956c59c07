// dx[i] = dy[i] where x[i] > 0, else slope dy[i]
// A thread takes four elements; buffers are padded to 16 bytes, so the last piece may hold fewer.
// grid: size / 1024 workgroups, folded into y beyond 65,535
struct Params { size: u32, slope: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>; // [(size + 3) / 4]
@group(0) @binding(2) var<storage, read> dy: array<vec4f>; // [(size + 3) / 4]
@group(0) @binding(3) var<storage, read_write> dx: array<vec4f>; // [(size + 3) / 4]

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 256u + lane;
  if (i * 4u < p.size) { dx[i] = select(p.slope * dy[i], dy[i], x[i] > vec4f()); }
}
