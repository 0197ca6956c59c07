// dlogits[n, c] = dloss (softmax(logits[n])[c] - [c = label[n]]) / n
// grid: n workgroups of one thread
struct Params { n: u32, classes: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>; // [n * classes]
@group(0) @binding(2) var<storage, read> labels: array<u32>; // [n]
@group(0) @binding(3) var<storage, read> dloss: array<f32>; // [1]
@group(0) @binding(4) var<storage, read_write> dlogits: array<f32>; // [n * classes]

@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3<u32>) {
  let row = group.x * p.classes;
  var largest = logits[row];
  for (var c = 1u; c < p.classes; c++) { largest = max(largest, logits[row + c]); }
  var sum = 0.0;
  for (var c = 0u; c < p.classes; c++) { sum += exp(logits[row + c] - largest); }
  // q - 1 of the label's class is minus the sum of the others: near 1 the difference would lose its digits
  let factor = dloss[0] / f32(p.n);
  var others = 0.0;
  for (var c = 0u; c < p.classes; c++) {
    if (c == labels[group.x]) { continue; }
    let q = exp(logits[row + c] - largest) / sum;
    others += q;
    dlogits[row + c] = factor * q;
  }
  dlogits[row + labels[group.x]] = -factor * others;
}
