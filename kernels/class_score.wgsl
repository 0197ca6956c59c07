// score = mean over n of one class's probability (KIND = 0), log-probability (1) or logit (2)
// grid: one workgroup of one thread: a batch holds few samples
const KIND: u32 = 0u;
struct Params { n: u32, classes: u32, class_index: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>; // [n * classes]
@group(0) @binding(2) var<storage, read_write> score: array<f32>; // [1]

@compute @workgroup_size(1)
fn main() {
  var total = 0.0;
  for (var sample = 0u; sample < p.n; sample++) {
    let row = sample * p.classes;
    let own = logits[row + p.class_index];
    if (KIND == 2u) {
      total += own;
      continue;
    }
    var largest = logits[row];
    for (var c = 1u; c < p.classes; c++) { largest = max(largest, logits[row + c]); }
    var sum = 0.0;
    for (var c = 0u; c < p.classes; c++) { sum += exp(logits[row + c] - largest); }
    if (KIND == 0u) {
      total += exp(own - largest) / sum;
    } else {
      total += own - largest - log(sum);
    }
  }
  score[0] = total / f32(p.n);
}
