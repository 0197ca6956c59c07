// dbeta[c] and dgamma[c]: the two parts of sums [channels, chunks] added over chunks
// grid: channels / 64 workgroups
struct Params { channels: u32, chunks: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> sums: array<vec2f>; // [channels * chunks]
@group(0) @binding(2) var<storage, read_write> dgamma: array<f32>; // [channels]
@group(0) @binding(3) var<storage, read_write> dbeta: array<f32>; // [channels]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= p.channels) { return; }
  var sum = vec2f();
  for (var chunk = 0u; chunk < p.chunks; chunk++) { sum += sums[id.x * p.chunks + chunk]; }
  dbeta[id.x] = sum.x;
  dgamma[id.x] = sum.y;
}
