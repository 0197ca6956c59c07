// y[c, chunk] = sum over n and the chunk's i of x[n, c, i], x being [n, channels, spatial]
// grid: [chunks, channels]
const LANES: u32 = 64u;
struct Params { n: u32, channels: u32, spatial: u32, chunks: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [n * channels * spatial]
@group(0) @binding(2) var<storage, read_write> y: array<f32>; // [channels * chunks]
var<workgroup> partial: array<f32, LANES>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  for (var sample = 0u; sample < p.n; sample++) {
    let base = (sample * p.channels + group.y) * p.spatial;
    for (var i = group.x * LANES + lane; i < p.spatial; i += p.chunks * LANES) { sum += x[base + i]; }
  }
  partial[lane] = sum;
  workgroupBarrier();
  if (lane == 0u) {
    var total = 0.0;
    for (var l = 0u; l < LANES; l++) { total += partial[l]; }
    y[group.y * p.chunks + group.x] = total;
  }
}
