// y[i] = x[i] + deviation * n[i] with standard normal n, two at a time from two uniform numbers (Box and Muller 1958).
// The numbers are Philox4x32-10 (Salmon et al. 2011) with key (seed_low, seed_high) and counter (i / 4, draw, part, 10).
// grid: size / 4 / 64 workgroups, folded into y beyond 65,535
struct Params { size: u32, seed_low: u32, seed_high: u32, draw: u32, part: u32, deviation: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [size]
@group(0) @binding(2) var<storage, read_write> y: array<f32>; // [size]

//#include philox

// a radius from a number in (0, 1], so that its logarithm is finite, and an angle
fn normals(a: u32, b: u32) -> vec2<f32> {
  let radius = sqrt(-2.0 * log((f32(a >> 8u) + 1.0) / 16777216.0));
  let angle = 6.283185307179586 * (f32(b >> 8u) / 16777216.0);
  return radius * vec2<f32>(cos(angle), sin(angle));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let quad = (group.y * groups.x + group.x) * 64u + lane;
  if (quad * 4u >= p.size) { return; }
  let bits = philox(vec4<u32>(quad, p.draw, p.part, 10u), vec2<u32>(p.seed_low, p.seed_high));
  let first = normals(bits.x, bits.y);
  let second = normals(bits.z, bits.w);
  let noise = vec4<f32>(first.x, first.y, second.x, second.y);
  for (var j = 0u; j < 4u; j++) {
    let i = quad * 4u + j;
    if (i >= p.size) { break; }
    y[i] = x[i] + p.deviation * noise[j];
  }
}
