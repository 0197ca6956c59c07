// dbeta[c] and dgamma[c]: the two parts of sums [channels, chunks] added over chunks, and what batchnorm_pool_input_grad
// needs of them, count being the values of a channel:
//   line[c] = (gamma inverse_std, mean, dbeta / count, inverse_std dgamma / count)
// grid: channels / 64 workgroups
struct Params { channels: u32, chunks: u32, count: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> sums: array<vec2f>; // [channels * chunks]
@group(0) @binding(2) var<storage, read> mean: array<f32>; // [channels]
@group(0) @binding(3) var<storage, read> inverse_std: array<f32>; // [channels]
@group(0) @binding(4) var<storage, read> gamma: array<f32>; // [channels]
@group(0) @binding(5) var<storage, read_write> dgamma: array<f32>; // [channels]
@group(0) @binding(6) var<storage, read_write> dbeta: array<f32>; // [channels]
@group(0) @binding(7) var<storage, read_write> line: array<vec4f>; // [channels]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let c = id.x;
  if (c >= p.channels) { return; }
  var sum = vec2f();
  for (var chunk = 0u; chunk < p.chunks; chunk++) { sum += sums[c * p.chunks + chunk]; }
  dbeta[c] = sum.x;
  dgamma[c] = sum.y;
  line[c] = vec4f(gamma[c] * inverse_std[c], mean[c], sum.x / p.count, inverse_std[c] * sum.y / p.count);
}
