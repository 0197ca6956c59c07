// dx[n, f] = sum over o of dy[n, o] weight[o, f]
// grid: [features / 64, n]
struct Params { n: u32, features: u32, outputs: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>; // [n * outputs]
@group(0) @binding(2) var<storage, read> weight: array<f32>; // [outputs * features]
@group(0) @binding(3) var<storage, read_write> dx: array<f32>; // [n * features]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
  if (id.x >= p.features) { return; }
  var sum = 0.0;
  for (var o = 0u; o < p.outputs; o++) { sum += dy[group.y * p.outputs + o] * weight[o * p.features + id.x]; }
  dx[group.y * p.features + id.x] = sum;
}
