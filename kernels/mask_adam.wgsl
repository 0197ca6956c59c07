// Adam's step and the clamp of mask_step.wgsl for values on a coarser grid, from their gradient g; in place:
//   values = clamp(values - Adam's update by g, 0, 1), with the moments as in adam.wgsl
// Each mask has taken a number of steps of its own: rate holds the step size and the root of the second moment's correction.
// grid: [size / 256, 1, masks]
struct Params { masks: u32, size: u32, beta1: f32, rest1: f32, beta2: f32, rest2: f32, eps: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> g: array<f32>; // [masks * size]
@group(0) @binding(2) var<storage, read> rate: array<f32>; // [masks * 2]
@group(0) @binding(3) var<storage, read_write> moments: array<f32>; // [masks * 2 * size] in place
@group(0) @binding(4) var<storage, read_write> values: array<f32>; // [masks * size] in place

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= p.size) { return; }
  let i = id.z * p.size + id.x;
  let first = i + id.z * p.size; // a mask's first moment, and behind it the second
  let mean = p.beta1 * moments[first] + p.rest1 * g[i];
  let square = p.beta2 * moments[first + p.size] + p.rest2 * g[i] * g[i];
  moments[first] = mean;
  moments[first + p.size] = square;
  let update = rate[2u * id.z] * mean / (sqrt(square) / rate[2u * id.z + 1u] + p.eps);
  values[i] = clamp(values[i] - update, 0.0, 1.0);
}
