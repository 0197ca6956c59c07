// y[i] = x[i] / (1 - rate) where the i-th random number is at least rate, else 0. The numbers are Philox4x32-10
// (Salmon et al. 2011) with key (seed_low, seed_high) and counter (i / 4, step, layer, 0): the backward pass draws
// the same ones from the same key and counter, and nothing is stored.
// grid: size / 4 / 64 workgroups, folded into y beyond 65,535
struct Params { size: u32, seed_low: u32, seed_high: u32, step: u32, layer: u32, rate: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [size]
@group(0) @binding(2) var<storage, read_write> y: array<f32>; // [size]

//#include philox

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let quad = (group.y * groups.x + group.x) * 64u + lane;
  if (quad * 4u >= p.size) { return; }
  let bits = philox(vec4<u32>(quad, p.step, p.layer, 0u), vec2<u32>(p.seed_low, p.seed_high));
  for (var j = 0u; j < 4u; j++) {
    let i = quad * 4u + j;
    if (i >= p.size) { break; }
    let uniform_number = f32(bits[j] >> 8u) / 16777216.0; // 24 bits, exact in f32
    y[i] = select(0.0, x[i] / (1.0 - p.rate), uniform_number >= p.rate);
  }
}
