import { GpuError } from '../errors.ts';
import { type Gpu, grid1d } from '../gpu.ts';
import type { Tape } from '../tape.ts';
import type { Tensor } from '../tensor.ts';
import { chunksFor } from './shapes.ts';
import { sumRows } from './sum.ts';

/**
 * Mean over all elements of (a - b)^2.
 *
 * @param a any shape
 * @param b as many elements
 * @returns [1]
 * @throws GpuError when they differ in shape
 */
export function meanSquaredError(tape: Tape, a: Tensor, b: Tensor): Tensor {
  const { gpu } = tape;
  const { size } = a;
  if (`${a.shape}` !== `${b.shape}`) {
    throw new GpuError(`"${a.label}" [${a.shape}] and "${b.label}" [${b.shape}] differ in shape.`);
  }
  const chunks = chunksFor(size, 1);
  const parts = gpu.empty([chunks], 'squared error parts');
  gpu.run('squared_error', {
    bindings: { a, b, y: parts },
    params: { size, chunks, factor: 1 / size },
    grid: [chunks, 1, 1],
  });
  const loss = sumRows(gpu, parts, 1, chunks, 1, 'mean squared error');
  parts.release();
  return tape.record('meanSquaredError', [a, b], loss, [a, b], ([a, b]) => (dloss, needs) => [
    needs[0] ? gradient(gpu, a, b, dloss, 2 / size) : null,
    needs[1] ? gradient(gpu, a, b, dloss, -2 / size) : null,
  ]);
}

function gradient(gpu: Gpu, a: Tensor, b: Tensor, dloss: Tensor, slope: number): Tensor {
  const da = gpu.empty(a.shape, 'squared error gradient');
  gpu.run('squared_error_grad', {
    bindings: { a, b, dloss, da },
    params: { size: a.size, slope },
    grid: grid1d(a.size, 256),
  });
  return da;
}
