import { type Gpu, grid1d } from '../gpu.ts';
import { seedWords } from '../random.ts';
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
