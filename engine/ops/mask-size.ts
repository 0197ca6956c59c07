import { grid1d } from '../gpu.ts';
import type { Tape } from '../tape.ts';
import type { Tensor } from '../tensor.ts';
import { chunksFor } from './shapes.ts';
import { type Reduction, sumRows } from './sum.ts';

/**
 * R(|1 - m|^exponent), the first term of equation 2 without lambda1. Its derivative at m = 1 is taken as 0.
 *
 * @param m any shape
 * @returns [1]
 */
export function maskSize(tape: Tape, m: Tensor, exponent: number, reduction: Reduction): Tensor {
  const { gpu } = tape;
  const voxels = m.size;
  const factor = reduction === 'mean' ? 1 / voxels : 1;
  const chunks = chunksFor(voxels, 1);
  const parts = gpu.empty([chunks], 'mask size parts');
  gpu.run('mask_size', {
    bindings: { m, y: parts },
    params: { voxels, chunks, exponent, factor },
    grid: [chunks, 1, 1],
  });
  const size = sumRows(gpu, parts, 1, chunks, 1, 'mask size');
  parts.release();
  return tape.record('maskSize', [m], size, [m], ([m]) => (dloss) => {
    const dm = gpu.empty(m.shape, 'mask size gradient');
    gpu.run('mask_size_grad', {
      bindings: { m, dloss, dm },
      params: { voxels, exponent, factor },
      grid: grid1d(voxels, 256),
    });
    return [dm];
  });
}
