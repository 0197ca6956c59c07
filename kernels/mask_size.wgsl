// First term of equation 2, per chunk: y[chunk] = factor * sum of |1 - m[u]|^exponent over the chunk's voxels
// grid: [chunks]
const LANES: u32 = 64u;
struct Params { voxels: u32, chunks: u32, exponent: f32, factor: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> m: array<f32>; // [voxels]
@group(0) @binding(2) var<storage, read_write> y: array<f32>; // [chunks]
var<workgroup> partial: array<f32, LANES>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  for (var u = group.x * LANES + lane; u < p.voxels; u += p.chunks * LANES) {
    let distance = abs(1.0 - m[u]);
    if (distance > 0.0) { sum += pow(distance, p.exponent); }
  }
  partial[lane] = sum;
  workgroupBarrier();
  if (lane == 0u) {
    var total = 0.0;
    for (var l = 0u; l < LANES; l++) { total += partial[l]; }
    y[group.x] = p.factor * total;
  }
}
