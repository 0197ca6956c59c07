import { addNoise } from '../engine/ops/gaussian-noise.ts';
import { type Offset, shift } from '../engine/ops/shift.ts';
import { RandomStream, streams } from '../engine/random.ts';
import type { Tape } from '../engine/tape.ts';
import type { Tensor } from '../engine/tensor.ts';

/** How masked images are disturbed at each step, against masks that fit one position of the image and nothing else. */
export interface PerturbationOptions {
  /** voxels at most that an image is moved by, along each axis and either way; 0 for none */
  readonly shift: number;
  /** standard deviation of the noise, in the units of the images as the network gets them; 0 for none */
  readonly noise: number;
  readonly seed: number;
}

/** Which disturbance an image gets. */
export interface Draw {
  /** steps that its mask has taken */
  readonly step: number;
  /** its place among the images of the step */
  readonly part: number;
}

/** How an image is moved at a step: each offset from -shift to shift is equally likely. */
export function offsetOf(options: Pick<PerturbationOptions, 'shift' | 'seed'>, { step, part }: Draw): Offset {
  const stream = new RandomStream(options.seed, streams.shift, step);
  const side = 2 * options.shift + 1;
  // those of the images before it are drawn and left, so that an image's own depend on its place alone
  const drawn = Array.from({ length: 3 * (part + 1) }, () => stream.below(side) - options.shift);
  const [x, y, z] = drawn.slice(3 * part);
  return [x, y, z];
}

/**
 * Images moved and with noise, as the draws of each say; recorded.
 *
 * @param images [n, 1, x, y, z]
 * @param draws  of each image
 */
export function disturb(
  tape: Tape,
  images: Tensor,
  options: PerturbationOptions,
  draws: readonly Draw[],
): Tensor {
  const offsets = draws.map((draw) => offsetOf(options, draw));
  const placed = options.shift > 0 ? shift(tape, images, offsets) : images;
  if (options.noise === 0) return placed;
  const numbers = draws.map(({ step, part }) => ({ seed: options.seed, draw: step, part }));
  const noisy = addNoise(tape, placed, options.noise, numbers);
  if (placed !== images) placed.release();
  return noisy;
}
