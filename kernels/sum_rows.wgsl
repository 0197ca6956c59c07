// y[row, chunk] = factor * sum of x[row, i] over the chunk's i: chunk, chunk + chunks, ... in steps of 64 lanes
// x is [rows, length]; summing long rows takes two calls, the second over the chunks of the first
// grid: [chunks, rows folded into z beyond 65,535]
const LANES: u32 = 64u;
struct Params { rows: u32, length: u32, chunks: u32, factor: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [rows * length]
@group(0) @binding(2) var<storage, read_write> y: array<f32>; // [rows * chunks]
var<workgroup> partial: array<f32, LANES>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = group.z * groups.y + group.y;
  var sum = 0.0;
  if (row < p.rows) {
    for (var i = group.x * LANES + lane; i < p.length; i += p.chunks * LANES) { sum += x[row * p.length + i]; }
  }
  partial[lane] = sum;
  workgroupBarrier();
  if (lane == 0u && row < p.rows) {
    var total = 0.0;
    for (var l = 0u; l < LANES; l++) { total += partial[l]; }
    y[row * p.chunks + group.x] = p.factor * total;
  }
}
