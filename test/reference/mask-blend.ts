import { map, type NdArray, zeros } from './ndarray.ts';

/** What stands where the mask hides: one constant, a volume [d, h, w], or one of each image, [n, d, h, w]. */
export type Background = number | NdArray;

function valueAt(mu: Background, i: number): number {
  return typeof mu === 'number' ? mu : mu.data[i % mu.data.length];
}

/** Equation 1: m [d, h, w] and x [n, 1, d, h, w] to m x + (1 - m) mu, shaped as x. */
export function maskBlend(m: NdArray, x: NdArray, mu: Background): NdArray {
  return map(x, (value, i) => {
    const u = i % m.data.length;
    return m.data[u] * value + (1 - m.data[u]) * valueAt(mu, i);
  });
}

/** Gradients of `maskBlend` for dy shaped as x: dm [d, h, w] summed over the batch, dx shaped as x. */
export function maskBlendGrad(
  m: NdArray,
  x: NdArray,
  mu: Background,
  dy: NdArray,
): { dm: NdArray; dx: NdArray } {
  const dm = zeros(m.shape);
  const dx = zeros(x.shape);
  for (let i = 0; i < x.data.length; i++) {
    const u = i % m.data.length;
    dm.data[u] += dy.data[i] * (x.data[i] - valueAt(mu, i));
    dx.data[i] = dy.data[i] * m.data[u];
  }
  return { dm, dx };
}
