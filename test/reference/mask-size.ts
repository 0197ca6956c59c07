import { map, type NdArray } from './ndarray.ts';
import { factorOf, powerSlope, type Reduction } from './power.ts';

/** First term of equation 2 without its weight: R(|1 - m|^beta1). */
export function maskSize(m: NdArray, beta1: number, reduction: Reduction): number {
  let sum = 0;
  for (const value of m.data) sum += Math.abs(1 - value) ** beta1;
  return factorOf(reduction, m.data.length) * sum;
}

/** Gradient of `dloss * maskSize` with respect to m; 0 where m is 1. */
export function maskSizeGrad(m: NdArray, beta1: number, reduction: Reduction, dloss = 1): NdArray {
  const factor = dloss * factorOf(reduction, m.data.length);
  return map(m, (value) => (value === 1 ? 0 : -factor * powerSlope(1 - value, beta1)));
}
