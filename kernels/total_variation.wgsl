// Second term of equation 2, per chunk, over the forward differences inside the volume [d, h, w]:
//   y[chunk] = sum over the chunk's u of  factor_z |m(u+ez) - m(u)|^exponent + factor_y |m(u+ey) - m(u)|^exponent + ...
// grid: [chunks, d], a workgroup row per plane; y is [d, chunks]
const LANES: u32 = 64u;
struct Params { d: u32, h: u32, w: u32, chunks: u32, exponent: f32, factor_z: f32, factor_y: f32, factor_x: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> m: array<f32>; // [d * h * w]
@group(0) @binding(2) var<storage, read_write> y: array<f32>; // [d * chunks]
var<workgroup> partial: array<f32, LANES>;

fn power(t: f32) -> f32 {
  if (t == 0.0) { return 0.0; }
  return pow(abs(t), p.exponent);
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let plane = p.h * p.w;
  var sum = 0.0;
  for (var i = group.x * LANES + lane; i < plane; i += p.chunks * LANES) {
    let u = group.y * plane + i;
    let here = m[u];
    if (group.y + 1u < p.d) { sum += p.factor_z * power(m[u + plane] - here); }
    if (i / p.w + 1u < p.h) { sum += p.factor_y * power(m[u + p.w] - here); }
    if (i % p.w + 1u < p.w) { sum += p.factor_x * power(m[u + 1u] - here); }
  }
  partial[lane] = sum;
  workgroupBarrier();
  if (lane == 0u) {
    var total = 0.0;
    for (var l = 0u; l < LANES; l++) { total += partial[l]; }
    y[group.y * p.chunks + group.x] = total;
  }
}
