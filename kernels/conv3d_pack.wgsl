// Weights in the order that the convolutions read them: packed[block, in, tap, j] for output channel block * BLOCK + j,
// zero beyond the last. With TRANSPOSED = 1 input and output channels change places and the taps are mirrored, so
// that a convolution with them is the input gradient.
// With SCALED = 1 each weight is multiplied by scale of the convolution's output channel.
// weight is [rows, columns, 27]; outputs = rows and inputs = columns, or the other way round when transposed
// A thread takes the 27 taps of a pair of channels.
// grid: padded outputs * inputs / 64 workgroups, folded into y beyond 65,535
const BLOCK: u32 = 8u;
const TRANSPOSED: u32 = 0u;
const SCALED: u32 = 0u;
struct Params { inputs: u32, outputs: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> weight: array<f32>; // [inputs * outputs * 27]
@group(0) @binding(2) var<storage, read> scale: array<f32>; // [(outputs + (inputs - outputs) * TRANSPOSED) * SCALED]
@group(0) @binding(3) var<storage, read_write> packed: array<f32>; // [(outputs + BLOCK - 1) / BLOCK * BLOCK * inputs * 27]

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  let pair = i / BLOCK;
  let input = pair % p.inputs;
  let output = pair / p.inputs * BLOCK + i % BLOCK;
  if (output >= (p.outputs + BLOCK - 1u) / BLOCK * BLOCK) { return; }
  let start = pair * 27u * BLOCK + i % BLOCK;
  let exists = output < p.outputs;
  let known = min(output, p.outputs - 1u);
  var factor = f32(exists);
  if (SCALED == 1u) { factor *= scale[select(known, input, TRANSPOSED == 1u)]; }
  let source = select(known * p.inputs + input, input * p.outputs + known, TRANSPOSED == 1u) * 27u;
  for (var tap = 0u; tap < 27u; tap++) {
    packed[start + tap * BLOCK] = factor * weight[source + select(tap, 26u - tap, TRANSPOSED == 1u)];
  }
}
