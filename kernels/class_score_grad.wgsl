// dlogits of class_score.wgsl, with q = softmax(logits[n]), k the class under study and e its indicator:
//   probability: dscore q[k] (e - q) / n;   log-probability: dscore (e - q) / n;   logit: dscore e / n,
// or, if EACH = 1, each sample's own dscore, without the n
// grid: n workgroups of one thread
const KIND: u32 = 0u;
const EACH: u32 = 0u;
struct Params { n: u32, classes: u32, class_index: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>; // [n * classes]
@group(0) @binding(2) var<storage, read> dscore: array<f32>; // [(n - 1) * EACH + 1]
@group(0) @binding(3) var<storage, read_write> dlogits: array<f32>; // [n * classes]

@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3<u32>) {
  let row = group.x * p.classes;
  var largest = logits[row];
  for (var c = 1u; c < p.classes; c++) { largest = max(largest, logits[row + c]); }
  var sum = 0.0;
  for (var c = 0u; c < p.classes; c++) { sum += exp(logits[row + c] - largest); }
  var factor = dscore[0] / f32(p.n);
  if (EACH == 1u) { factor = dscore[group.x]; }
  if (KIND == 0u) { factor *= exp(logits[row + p.class_index] - largest) / sum; }
  // 1 - q[k] as the sum of the others: at q[k] near 1 the difference would lose its digits
  var others = 0.0;
  for (var c = 0u; c < p.classes; c++) {
    if (c == p.class_index) { continue; }
    let q = exp(logits[row + c] - largest) / sum;
    others += q;
    dlogits[row + c] = select(-factor * q, 0.0, KIND == 2u);
  }
  dlogits[row + p.class_index] = select(factor * others, factor, KIND == 2u);
}
