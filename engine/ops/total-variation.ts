import type { Tape } from '../tape.ts';
import type { Tensor } from '../tensor.ts';
import { chunksFor } from './shapes.ts';
import { type Reduction, sumRows } from './sum.ts';

/**
 * Sum over the three axes of R(|m(u + e) - m(u)|^exponent), the second term of equation 2 without lambda2: forward
 * differences, none across the border; a mean is over the differences of its axis, and an axis of one voxel adds 0.
 * The derivative at a difference of 0 is taken as 0.
 *
 * @param m [d, h, w]
 * @returns [1]
 */
export function totalVariation(tape: Tape, m: Tensor, exponent: number, reduction: Reduction): Tensor {
  const { gpu } = tape;
  const [d, h, w] = m.shape;
  const factor = (differences: number) => (reduction === 'sum' || differences === 0 ? 1 : 1 / differences);
  const params = {
    d,
    h,
    w,
    exponent,
    factor_z: factor((d - 1) * h * w),
    factor_y: factor(d * (h - 1) * w),
    factor_x: factor(d * h * (w - 1)),
  };
  const chunks = chunksFor(h * w, d);
  const parts = gpu.empty([d, chunks], 'total variation parts');
  gpu.run('total_variation', {
    bindings: { m, y: parts },
    params: { ...params, chunks },
    grid: [chunks, d, 1],
  });
  const total = sumRows(gpu, parts, 1, d * chunks, 1, 'total variation');
  parts.release();
  return tape.record('totalVariation', [m], total, [m], ([m]) => (dloss) => {
    const dm = gpu.empty(m.shape, 'total variation gradient');
    gpu.run('total_variation_grad', {
      bindings: { m, dloss, dm },
      params,
      grid: [Math.ceil((h * w) / 256), d, 1],
    });
    return [dm];
  });
}
