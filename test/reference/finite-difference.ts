import { type NdArray, zeros } from './ndarray.ts';

/** Gradient of `f` with respect to `x` by central differences of step `eps`; x is left as it was. */
export function numericalGradient(f: () => number, x: NdArray, eps = 1e-6): NdArray {
  const gradient = zeros(x.shape);
  for (let i = 0; i < x.data.length; i++) {
    const value = x.data[i];
    x.data[i] = value + eps;
    const above = f();
    x.data[i] = value - eps;
    const below = f();
    x.data[i] = value;
    gradient.data[i] = (above - below) / (2 * eps);
  }
  return gradient;
}

/** Inner product of two arrays of one shape. */
export function dot(a: NdArray, b: NdArray): number {
  return a.data.reduce((sum, value, i) => sum + value * b.data[i], 0);
}
