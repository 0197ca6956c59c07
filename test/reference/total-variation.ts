import { type NdArray, offset, zeros } from './ndarray.ts';
import { factorOf, powerSlope, type Reduction } from './power.ts';

/** Calls `visit(u, next, factor)` for every pair of neighbours inside m [d, h, w], `next` one further along an axis. */
function eachPair(
  shape: readonly number[],
  reduction: Reduction,
  visit: (u: number, next: number, factor: number) => void,
): void {
  const [depth, height, width] = shape;
  const factorD = factorOf(reduction, (depth - 1) * height * width);
  const factorH = factorOf(reduction, depth * (height - 1) * width);
  const factorW = factorOf(reduction, depth * height * (width - 1));
  for (let d = 0; d < depth; d++)
    for (let h = 0; h < height; h++)
      for (let w = 0; w < width; w++) {
        const u = offset(shape, d, h, w);
        if (d + 1 < depth) visit(u, offset(shape, d + 1, h, w), factorD);
        if (h + 1 < height) visit(u, offset(shape, d, h + 1, w), factorH);
        if (w + 1 < width) visit(u, offset(shape, d, h, w + 1), factorW);
      }
}

/**
 * Second term of equation 2 without its weight: the sum over the axes of R(|m(u + e) - m(u)|^beta2). A mean is over
 * the axis's own differences; an axis of size 1 has none.
 */
export function totalVariation(m: NdArray, beta2: number, reduction: Reduction): number {
  let sum = 0;
  eachPair(m.shape, reduction, (u, next, factor) => {
    sum += factor * Math.abs(m.data[next] - m.data[u]) ** beta2;
  });
  return sum;
}

/** Gradient of `dloss * totalVariation` with respect to m; equal neighbours do not pull on each other. */
export function totalVariationGrad(m: NdArray, beta2: number, reduction: Reduction, dloss = 1): NdArray {
  const dm = zeros(m.shape);
  eachPair(m.shape, reduction, (u, next, factor) => {
    const pull = dloss * factor * powerSlope(m.data[next] - m.data[u], beta2);
    dm.data[next] += pull;
    dm.data[u] -= pull;
  });
  return dm;
}
