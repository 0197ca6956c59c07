import { map, type NdArray } from './ndarray.ts';
import { factorOf, type Reduction } from './power.ts';

/** R((sort(1 - m) - r)^2), r being 1 for the `count` largest and 0 for the others: both sorted, as Fong et al. 2019 write it. */
export function maskArea(m: NdArray, count: number, reduction: Reduction): number {
  const sorted = Array.from(m.data, (value) => 1 - value).sort((a, b) => b - a);
  const sum = sorted.reduce((total, t, rank) => total + (t - Number(rank < count)) ** 2, 0);
  return factorOf(reduction, m.data.length) * sum;
}

/** Gradient of `dloss * maskArea` with respect to m; the mean over all orders of voxels that are equal. */
export function maskAreaGrad(m: NdArray, count: number, reduction: Reduction, dloss = 1): NdArray {
  const factor = dloss * factorOf(reduction, m.data.length);
  const ranks = new Map<number, number[]>();
  const sorted = Array.from(m.data).sort((a, b) => a - b);
  for (const [rank, value] of sorted.entries()) ranks.set(value, [...(ranks.get(value) ?? []), rank]);
  return map(m, (value) => {
    const own = ranks.get(value) ?? [];
    const inside = own.filter((rank) => rank < count).length / own.length;
    return -2 * factor * (1 - value - inside);
  });
}
