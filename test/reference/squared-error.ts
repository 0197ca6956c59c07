import { map, type NdArray } from './ndarray.ts';

/** Mean over all elements of (a - b)^2. */
export function meanSquaredError(a: NdArray, b: NdArray): number {
  return a.data.reduce((sum, value, i) => sum + (value - b.data[i]) ** 2, 0) / a.data.length;
}

/** Gradients of `dloss * meanSquaredError`. */
export function meanSquaredErrorGrad(a: NdArray, b: NdArray, dloss: number): { da: NdArray; db: NdArray } {
  const da = map(a, (value, i) => (dloss * 2 * (value - b.data[i])) / a.data.length);
  return { da, db: map(da, (value) => -value) };
}
