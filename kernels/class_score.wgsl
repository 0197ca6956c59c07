// score = one class's probability (KIND = 0), log-probability (1) or logit (2): the mean over n, or of each sample if EACH = 1
// grid: one workgroup of one thread: a batch holds few samples
const KIND: u32 = 0u;
const EACH: u32 = 0u;
struct Params { n: u32, classes: u32, class_index: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>; // [n * classes]
@group(0) @binding(2) var<storage, read_write> score: array<f32>; // [(n - 1) * EACH + 1]

// log(1 + t) for t >= 0: by its series where 1 + t would lose the digits of t
fn log1p(t: f32) -> f32 {
  if (t > 0.1) { return log(1.0 + t); }
  return t * (1.0 - t * (0.5 - t * (1.0 / 3.0 - t * (0.25 - t * (0.2 - t / 6.0)))));
}

fn of_sample(sample: u32) -> f32 {
  let row = sample * p.classes;
  let own = logits[row + p.class_index];
  if (KIND == 2u) { return own; }
  var top = 0u;
  for (var c = 1u; c < p.classes; c++) { top = select(top, c, logits[row + c] > logits[row + top]); }
  var others = 0.0;
  for (var c = 0u; c < p.classes; c++) {
    if (c != top) { others += exp(logits[row + c] - logits[row + top]); }
  }
  if (KIND == 0u) { return exp(own - logits[row + top]) / (1.0 + others); }
  return -(log1p(others) + (logits[row + top] - own));
}

@compute @workgroup_size(1)
fn main() {
  var total = 0.0;
  for (var sample = 0u; sample < p.n; sample++) {
    let value = of_sample(sample);
    if (EACH == 1u) { score[sample] = value; }
    total += value;
  }
  if (EACH == 0u) { score[0] = total / f32(p.n); }
}
