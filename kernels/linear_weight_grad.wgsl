// dw[o, f] = sum over n of dy[n, o] x[n, f]
// grid: [features / 64, outputs]
struct Params { n: u32, features: u32, outputs: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [n * features]
@group(0) @binding(2) var<storage, read> dy: array<f32>; // [n * outputs]
@group(0) @binding(3) var<storage, read_write> dw: array<f32>; // [outputs * features]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
  if (id.x >= p.features) { return; }
  var sum = 0.0;
  for (var sample = 0u; sample < p.n; sample++) { sum += dy[sample * p.outputs + group.y] * x[sample * p.features + id.x]; }
  dw[group.y * p.features + id.x] = sum;
}
