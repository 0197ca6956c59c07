// loss = mean over n of log(sum over c of exp(logits[n, c])) - logits[n, label[n]]
// grid: one workgroup of one thread: a batch holds few samples
struct Params { n: u32, classes: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>; // [n * classes]
@group(0) @binding(2) var<storage, read> labels: array<u32>; // [n]
@group(0) @binding(3) var<storage, read_write> loss: array<f32>; // [1]

// log(1 + t) for t >= 0: by its series where 1 + t would lose the digits of t
fn log1p(t: f32) -> f32 {
  if (t > 0.1) { return log(1.0 + t); }
  return t * (1.0 - t * (0.5 - t * (1.0 / 3.0 - t * (0.25 - t * (0.2 - t / 6.0)))));
}

@compute @workgroup_size(1)
fn main() {
  var total = 0.0;
  for (var sample = 0u; sample < p.n; sample++) {
    let row = sample * p.classes;
    var top = 0u;
    for (var c = 1u; c < p.classes; c++) { top = select(top, c, logits[row + c] > logits[row + top]); }
    var others = 0.0;
    for (var c = 0u; c < p.classes; c++) {
      if (c != top) { others += exp(logits[row + c] - logits[row + top]); }
    }
    total += log1p(others) + (logits[row + top] - logits[row + labels[sample]]);
  }
  loss[0] = total / f32(p.n);
}
