// Weights in the order that the convolutions read them: packed[block, in, tap, j] for output channel block * BLOCK + j,
// zero beyond the last. With TRANSPOSED = 1 input and output channels change places and the taps are mirrored, so
// that a convolution with them is the input gradient.
// With SCALED = 1 each weight is multiplied by scale of the convolution's output channel.
// weight is [rows, columns, 27]; outputs = rows and inputs = columns, or the other way round when transposed
// grid: packed size / 256 workgroups, folded into y beyond 65,535
const BLOCK: u32 = 8u;
const TRANSPOSED: u32 = 0u;
const SCALED: u32 = 0u;
struct Params { inputs: u32, outputs: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> weight: array<f32>; // [inputs * outputs * 27]
@group(0) @binding(2) var<storage, read> scale: array<f32>; // [(outputs + (inputs - outputs) * TRANSPOSED) * SCALED]
@group(0) @binding(3) var<storage, read_write> packed: array<f32>; // [(outputs + BLOCK - 1) / BLOCK * BLOCK * inputs * 27]

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 256u + lane;
  let blocks = (p.outputs + BLOCK - 1u) / BLOCK;
  if (i >= blocks * BLOCK * p.inputs * 27u) { return; }
  let tap = i / BLOCK % 27u;
  let input = i / (BLOCK * 27u) % p.inputs;
  let output = i / (BLOCK * 27u * p.inputs) * BLOCK + i % BLOCK;
  var value = 0.0;
  if (output < p.outputs) {
    if (TRANSPOSED == 1u) {
      value = weight[(input * p.outputs + output) * 27u + 26u - tap];
    } else {
      value = weight[(output * p.inputs + input) * 27u + tap];
    }
    if (SCALED == 1u) { value *= scale[select(output, input, TRANSPOSED == 1u)]; }
  }
  packed[i] = value;
}
