// One step of Adam with weight decay added to the gradient, in place (as torch.optim.Adam does):
//   g = grad + decay theta;  first = beta1 first + (1 - beta1) g;  second = beta2 second + (1 - beta2) g^2
//   theta -= step_size first / (sqrt(second) / root_correction + eps)
// with step_size = lr / (1 - beta1^t), root_correction = sqrt(1 - beta2^t), rest1 = 1 - beta1 and rest2 = 1 - beta2, made
// by the host: of 1 - 0.999, float32 would keep five digits
// A thread takes four elements; buffers are padded to 16 bytes, so the last piece may hold fewer.
// grid: size / 1024 workgroups, folded into y beyond 65,535
struct Params { size: u32, beta1: f32, rest1: f32, beta2: f32, rest2: f32, eps: f32, decay: f32, step_size: f32, root_correction: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> grad: array<vec4f>; // [(size + 3) / 4]
@group(0) @binding(2) var<storage, read_write> theta: array<vec4f>; // [(size + 3) / 4] in place
@group(0) @binding(3) var<storage, read_write> first: array<vec4f>; // [(size + 3) / 4] in place
@group(0) @binding(4) var<storage, read_write> second: array<vec4f>; // [(size + 3) / 4] in place

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 256u + lane;
  if (i * 4u >= p.size) { return; }
  let g = grad[i] + p.decay * theta[i];
  let m = p.beta1 * first[i] + p.rest1 * g;
  let v = p.beta2 * second[i] + p.rest2 * g * g;
  first[i] = m;
  second[i] = v;
  theta[i] -= p.step_size * m / (sqrt(v) / p.root_correction + vec4f(p.eps));
}
