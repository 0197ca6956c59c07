import { type Gpu, grid1d } from '../gpu.ts';
import type { Tape } from '../tape.ts';
import type { Tensor } from '../tensor.ts';
import { chunksFor } from './shapes.ts';

/** factor * the sum of each of `rows` rows of `length` values: [rows]. Always in the same order, so always the same bits. */
export function sumRows(
  gpu: Gpu,
  x: Tensor,
  rows: number,
  length: number,
  factor: number,
  label: string,
): Tensor {
  const chunks = chunksFor(length, rows);
  if (chunks === 1) return sumChunks(gpu, x, rows, length, 1, factor, label);
  const parts = sumChunks(gpu, x, rows, length, chunks, 1, label);
  const sums = sumChunks(gpu, parts, rows, chunks, 1, factor, label);
  parts.release();
  return sums;
}

function sumChunks(
  gpu: Gpu,
  x: Tensor,
  rows: number,
  length: number,
  chunks: number,
  factor: number,
  label: string,
): Tensor {
  const y = gpu.empty(chunks === 1 ? [rows] : [rows, chunks], label);
  const height = Math.min(rows, 65535);
  gpu.run('sum_rows', {
    bindings: { x, y },
    params: { rows, length, chunks, factor },
    grid: [chunks, height, Math.ceil(rows / height)],
  });
  return y;
}

/** How a loss is taken over elements. */
export type Reduction = 'mean' | 'sum';

/** Sum of all elements of x: [1]. */
export function sum(tape: Tape, x: Tensor): Tensor {
  return reduce(tape, x, 1, 'sum');
}

/** Mean of all elements of x: [1]. */
export function mean(tape: Tape, x: Tensor): Tensor {
  return reduce(tape, x, 1 / x.size, 'mean');
}

function reduce(tape: Tape, x: Tensor, factor: number, name: Reduction): Tensor {
  const { gpu } = tape;
  const { shape, size } = x;
  const y = sumRows(gpu, x, 1, size, factor, name);
  return tape.record(name, [x], y, [], () => (dy) => {
    const dx = gpu.empty(shape, `${name} gradient`);
    gpu.run('scale', {
      bindings: { x: dy, y: dx },
      params: { size, factor },
      constants: { SPREAD: 1 },
      grid: grid1d(size, 256),
    });
    return [dx];
  });
}
