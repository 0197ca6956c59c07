// The area's penalty, per chunk: y[chunk] = factor * sum of s (t - 1)^2 + (1 - s) t^2 over the chunk's voxels, t = 1 - m[u]
// s, the share of the template that is 1 here: 1 where m is below the template's threshold, 0 above it, its share at it
// grid: [chunks]
const LANES: u32 = 64u;
struct Params { voxels: u32, chunks: u32, factor: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> m: array<f32>; // [voxels]
@group(0) @binding(2) var<storage, read> border: array<f32>; // [2]
@group(0) @binding(3) var<storage, read_write> y: array<f32>; // [chunks]
var<workgroup> partial: array<f32, LANES>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let threshold = bitcast<u32>(border[0]);
  var sum = 0.0;
  for (var u = group.x * LANES + lane; u < p.voxels; u += p.chunks * LANES) {
    let key = bitcast<u32>(m[u]) & 0x7fffffffu;
    let s = select(select(0.0, border[1], key == threshold), 1.0, key < threshold);
    let t = 1.0 - m[u];
    sum += s * (t - 1.0) * (t - 1.0) + (1.0 - s) * t * t;
  }
  partial[lane] = sum;
  workgroupBarrier();
  if (lane == 0u) {
    var total = 0.0;
    for (var l = 0u; l < LANES; l++) { total += partial[l]; }
    y[group.x] = p.factor * total;
  }
}
