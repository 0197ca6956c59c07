import { GpuError } from '../errors.ts';
import { type Gpu, grid1d } from '../gpu.ts';
import { seedWords } from '../random.ts';
import type { Tape } from '../tape.ts';
import type { Tensor } from '../tensor.ts';

/** Which random numbers are drawn: those of a seed, a draw and a part of the work (an image). */
export interface NoiseDraw {
  readonly seed: number;
  readonly draw: number;
  readonly part: number;
}

/**
 * Adds Gaussian noise of mean 0, independent for each value. Reproducible by its draw. Nothing is recorded: the result is
 * an input of its own.
 *
 * @param deviation standard deviation of the noise
 */
export function gaussianNoise(
  gpu: Gpu,
  x: Tensor,
  deviation: number,
  { seed, draw, part }: NoiseDraw,
): Tensor {
  const [low, high] = seedWords(seed);
  const y = gpu.empty(x.shape, 'noisy images');
  gpu.run('gaussian_noise', {
    bindings: { x, y },
    params: { size: x.size, seed_low: low, seed_high: high, draw, part, deviation },
    grid: grid1d(Math.ceil(x.size / 4), 64),
  });
  return y;
}

/**
 * Adds Gaussian noise to every sample of a batch, by a draw of its own, so that it does not depend on the others. Its gradient
 * passes as it is.
 *
 * @param x [n, ...]
 * @param draws of each sample
 */
export function addNoise(tape: Tape, x: Tensor, deviation: number, draws: readonly NoiseDraw[]): Tensor {
  const { gpu } = tape;
  const [n, ...shape] = x.shape;
  if (draws.length !== n) throw new GpuError(`${draws.length} draws were given for ${n} samples.`);
  const size = x.size / n;
  const y = gpu.empty(x.shape, 'noisy images');
  draws.forEach((draw, i) => {
    const one = gpu.empty(shape, 'image');
    gpu.copy(x, i * size, one, 0, size);
    const noisy = gaussianNoise(gpu, one, deviation, draw);
    gpu.copy(noisy, 0, y, i * size, size);
    one.release();
    noisy.release();
  });
  return tape.record('noise', [x], y, [], () => (dy) => [dy.share()]);
}
