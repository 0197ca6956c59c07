import { map, type NdArray } from './ndarray.ts';

/** x where x > 0, else slope x. */
export function leakyRelu(x: NdArray, slope: number): NdArray {
  return map(x, (value) => (value > 0 ? value : slope * value));
}

/** Gradient of `leakyRelu` for dy shaped as x; at x = 0 the slope counts, as in PyTorch. */
export function leakyReluGrad(x: NdArray, slope: number, dy: NdArray): NdArray {
  return map(dy, (value, i) => (x.data[i] > 0 ? value : slope * value));
}
