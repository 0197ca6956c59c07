import { map, type NdArray } from './ndarray.ts';

/** y = x keep / (1 - p), `keep` holding 0 or 1 per element of x. */
export function dropout(x: NdArray, keep: NdArray, p: number): NdArray {
  return map(x, (value, i) => (value * keep.data[i]) / (1 - p));
}

/** Gradient of `dropout` for dy shaped as x. */
export function dropoutGrad(keep: NdArray, p: number, dy: NdArray): NdArray {
  return map(dy, (value, i) => (value * keep.data[i]) / (1 - p));
}
