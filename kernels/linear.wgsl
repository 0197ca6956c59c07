// y[n, o] = bias[o] + sum over f of x[n, f] weight[o, f]
// grid: [outputs, n], a workgroup per value
const LANES: u32 = 64u;
struct Params { n: u32, features: u32, outputs: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [n * features]
@group(0) @binding(2) var<storage, read> weight: array<f32>; // [outputs * features]
@group(0) @binding(3) var<storage, read> bias: array<f32>; // [outputs]
@group(0) @binding(4) var<storage, read_write> y: array<f32>; // [n * outputs]
var<workgroup> partial: array<f32, LANES>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  for (var f = lane; f < p.features; f += LANES) { sum += x[group.y * p.features + f] * weight[group.x * p.features + f]; }
  partial[lane] = sum;
  workgroupBarrier();
  if (lane == 0u) {
    var total = 0.0;
    for (var l = 0u; l < LANES; l++) { total += partial[l]; }
    y[group.y * p.outputs + group.x] = total + bias[group.x];
  }
}
