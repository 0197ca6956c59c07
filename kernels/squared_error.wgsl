// Per chunk: y[chunk] = factor * sum of (a[i] - b[i])^2 over the chunk's elements
// grid: [chunks]
const LANES: u32 = 64u;
struct Params { size: u32, chunks: u32, factor: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>; // [size]
@group(0) @binding(2) var<storage, read> b: array<f32>; // [size]
@group(0) @binding(3) var<storage, read_write> y: array<f32>; // [chunks]
var<workgroup> partial: array<f32, LANES>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  for (var i = group.x * LANES + lane; i < p.size; i += p.chunks * LANES) {
    let difference = a[i] - b[i];
    sum += difference * difference;
  }
  partial[lane] = sum;
  workgroupBarrier();
  if (lane == 0u) {
    var total = 0.0;
    for (var l = 0u; l < LANES; l++) { total += partial[l]; }
    y[group.x] = p.factor * total;
  }
}
