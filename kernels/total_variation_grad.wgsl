// dm of total_variation.wgsl: each difference m(u+e) - m(u) pulls on both its ends,
//   slope(t) = exponent |t|^(exponent - 1) sign(t), and 0 at t = 0
// grid: [h * w / 256, d]
struct Params { d: u32, h: u32, w: u32, exponent: f32, factor_z: f32, factor_y: f32, factor_x: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> m: array<f32>; // [d * h * w]
@group(0) @binding(2) var<storage, read> dloss: array<f32>; // [1]
@group(0) @binding(3) var<storage, read_write> dm: array<f32>; // [d * h * w]

fn slope(t: f32) -> f32 {
  if (t == 0.0) { return 0.0; }
  return p.exponent * pow(abs(t), p.exponent - 1.0) * sign(t);
}

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
  let plane = p.h * p.w;
  let i = id.x;
  if (i >= plane) { return; }
  let u = group.y * plane + i;
  let here = m[u];
  var sum = 0.0;
  if (group.y + 1u < p.d) { sum -= p.factor_z * slope(m[u + plane] - here); }
  if (group.y > 0u) { sum += p.factor_z * slope(here - m[u - plane]); }
  if (i / p.w + 1u < p.h) { sum -= p.factor_y * slope(m[u + p.w] - here); }
  if (i / p.w > 0u) { sum += p.factor_y * slope(here - m[u - p.w]); }
  if (i % p.w + 1u < p.w) { sum -= p.factor_x * slope(m[u + 1u] - here); }
  if (i % p.w > 0u) { sum += p.factor_x * slope(here - m[u - 1u]); }
  dm[u] = dloss[0] * sum;
}
