// inverse_std[c] = 1 / sqrt(running_var[c] + eps)
// grid: channels / 64 workgroups
struct Params { channels: u32, eps: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> running_var: array<f32>; // [channels]
@group(0) @binding(2) var<storage, read_write> inverse_std: array<f32>; // [channels]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x < p.channels) { inverse_std[id.x] = 1.0 / sqrt(running_var[id.x] + p.eps); }
}
