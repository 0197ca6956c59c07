// Judges every mask by its loss, size + variation + score, and says which is to be kept and which is done. state[mask] is
//   [0] masks judged so far    [1] lowest loss    [2] loss to be beaten    [3] how often in a row it was not
//   [4] 1: keep this mask      [5] 0 on its way, 1 at its last step, 2 out of patience, 3 the loss is no number
//   [6] steps of the kept mask
// A mask that is done is judged no more. RELATIVE: better is a loss below the reference by tolerance |reference|, which it
// then becomes; else (literal) not better is a loss above the lowest by more than tolerance |lowest|. KEEP_LAST keeps
// every mask in its turn.
// grid: masks / 64
const RELATIVE: u32 = 1u;
const KEEP_LAST: u32 = 0u;
struct Params { masks: u32, last: f32, patience: f32, tolerance: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> terms: array<f32>; // [masks * 2]
@group(0) @binding(2) var<storage, read> score: array<f32>; // [masks]
@group(0) @binding(3) var<storage, read_write> state: array<f32>; // [masks * 7] in place

// infinities and what is no number have an exponent of ones; comparisons of floats may be compiled as if there were none
fn is_number(value: f32) -> bool {
  return (bitcast<u32>(value) & 0x7f800000u) != 0x7f800000u;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= p.masks) { return; }
  let at = 7u * id.x;
  state[at + 4u] = 0.0;
  if (state[at + 5u] != 0.0) { return; }
  let loss = terms[2u * id.x] + terms[2u * id.x + 1u] + score[id.x];
  if (!is_number(loss)) {
    state[at + 5u] = 3.0;
    return;
  }
  let steps = state[at];
  let first = steps == 0.0;
  if (first || loss < state[at + 1u] || KEEP_LAST == 1u) {
    state[at + 1u] = loss;
    state[at + 4u] = 1.0;
    state[at + 6u] = steps;
  }
  let reference = select(state[at + 2u], loss, first);
  let margin = p.tolerance * abs(reference);
  if (RELATIVE == 1u) {
    let better = first || loss < reference - margin;
    state[at + 2u] = select(reference, loss, better);
    state[at + 3u] = select(state[at + 3u] + 1.0, 0.0, better);
  } else {
    let lowest = min(reference, loss);
    state[at + 2u] = lowest;
    state[at + 3u] = select(0.0, state[at + 3u] + 1.0, loss - lowest > p.tolerance * abs(lowest));
  }
  state[at] = steps + 1.0;
  if (state[at + 3u] >= p.patience) { state[at + 5u] = 2.0; }
  if (steps >= p.last) { state[at + 5u] = 1.0; }
}
