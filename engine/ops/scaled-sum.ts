import { GpuError } from '../errors.ts';
import { type Gpu, grid1d } from '../gpu.ts';
import type { Tape } from '../tape.ts';
import type { Tensor } from '../tensor.ts';

/** alpha a + beta b, element by element, of one shape. */
export function scaledSum(tape: Tape, a: Tensor, alpha: number, b: Tensor, beta: number): Tensor {
  const { gpu } = tape;
  if (a.size !== b.size)
    throw new GpuError(`"${a.label}" [${a.shape}] and "${b.label}" [${b.shape}] cannot be added.`);
  const y = gpu.empty(a.shape, `${a.label} + ${b.label}`);
  gpu.run('scaled_sum', {
    bindings: { a, b, y },
    params: { size: a.size, alpha, beta },
    grid: grid1d(a.size, 1024),
  });
  return tape.record('scaledSum', [a, b], y, [], () => (dy, needs) => [
    needs[0] ? scaled(gpu, dy, alpha) : null,
    needs[1] ? scaled(gpu, dy, beta) : null,
  ]);
}

function scaled(gpu: Gpu, x: Tensor, factor: number): Tensor {
  const y = gpu.empty(x.shape, x.label);
  gpu.run('scale', { bindings: { x, y }, params: { size: x.size, factor }, grid: grid1d(x.size, 256) });
  return y;
}
