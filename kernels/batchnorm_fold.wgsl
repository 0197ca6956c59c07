// Batch normalisation by running statistics as part of the convolution before it, conv3d_pack takes scale:
//   scale[c] = gamma[c] / sqrt(running_var[c] + eps);  folded[c] = (bias[c] - running_mean[c]) scale[c] + beta[c]
// grid: channels / 64 workgroups
struct Params { channels: u32, eps: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> bias: array<f32>; // [channels]
@group(0) @binding(2) var<storage, read> gamma: array<f32>; // [channels]
@group(0) @binding(3) var<storage, read> beta: array<f32>; // [channels]
@group(0) @binding(4) var<storage, read> running_mean: array<f32>; // [channels]
@group(0) @binding(5) var<storage, read> running_var: array<f32>; // [channels]
@group(0) @binding(6) var<storage, read_write> scale: array<f32>; // [channels]
@group(0) @binding(7) var<storage, read_write> folded: array<f32>; // [channels]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let c = id.x;
  if (c >= p.channels) { return; }
  let s = gamma[c] / sqrt(running_var[c] + p.eps);
  scale[c] = s;
  folded[c] = (bias[c] - running_mean[c]) * s + beta[c];
}
