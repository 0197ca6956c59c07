// losses[n] = log(sum over c of exp(logits[n, c])) - logits[n, label[n]], and loss = their mean
// grid: one workgroup of one thread: a batch holds few samples
struct Params { n: u32, classes: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>; // [n * classes]
@group(0) @binding(2) var<storage, read> labels: array<u32>; // [n]
@group(0) @binding(3) var<storage, read_write> loss: array<f32>; // [1]

@compute @workgroup_size(1)
fn main() {
  var total = 0.0;
  for (var sample = 0u; sample < p.n; sample++) {
    let row = sample * p.classes;
    var largest = logits[row];
    for (var c = 1u; c < p.classes; c++) { largest = max(largest, logits[row + c]); }
    var sum = 0.0;
    for (var c = 0u; c < p.classes; c++) { sum += exp(logits[row + c] - largest); }
    total += log(sum) + largest - logits[row + labels[sample]];
  }
  loss[0] = total / f32(p.n);
}
