import { type Gpu, grid1d } from '../gpu.ts';
import { seedWords } from '../random.ts';
import type { Tape } from '../tape.ts';
import type { Tensor } from '../tensor.ts';

/** Which random numbers a dropout draws: those of a seed, a training step and a layer. */
export interface DropoutDraw {
  readonly seed: number;
  readonly step: number;
  readonly layer: number;
}

/** Sets each value to 0 with probability `rate` and scales the others by 1 / (1 - rate). Reproducible by its draw. */
export function dropout(tape: Tape, x: Tensor, rate: number, draw: DropoutDraw): Tensor {
  const { gpu } = tape;
  return tape.record('dropout', [x], drop(gpu, x, rate, draw), [], () => (dy) => [drop(gpu, dy, rate, draw)]);
}

function drop(gpu: Gpu, x: Tensor, rate: number, { seed, step, layer }: DropoutDraw): Tensor {
  const [low, high] = seedWords(seed);
  const y = gpu.empty(x.shape, 'dropout output');
  gpu.run('dropout', {
    bindings: { x, y },
    params: { size: x.size, seed_low: low, seed_high: high, step, layer, rate },
    grid: grid1d(Math.ceil(x.size / 4), 64),
  });
  return y;
}
