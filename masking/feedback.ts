import { maskBlend } from '../engine/ops/mask-blend.ts';
import { type Batch, partsOf, samplesIn } from '../engine/ops/pieces.ts';
import { RandomStream, streams } from '../engine/random.ts';
import { Tape } from '../engine/tape.ts';
import type { Tensor } from '../engine/tensor.ts';

/** How a mask is fed back to training. */
export interface Feedback {
  /** [x, y, z] */
  readonly mask: Tensor;
  /** [1] or [x, y, z] */
  readonly mu: Tensor;
  /** probability with which an image is masked */
  readonly share: number;
  readonly seed: number;
}

/** Which images of a step are masked: each with the probability `share`, by seed and step alone. */
export function fedBack(
  { share, seed }: Pick<Feedback, 'share' | 'seed'>,
  step: number,
  images: number,
): boolean[] {
  const random = new RandomStream(seed, streams.feedback, step);
  return Array.from({ length: images }, () => random.uniform(0, 1) < share);
}

/**
 * Masks some of a step's images in place (equation 1), so that the network has to look elsewhere in them.
 *
 * @param images [n, 1, x, y, z], or parts of it
 */
export function feedBack(feedback: Feedback, images: Batch, step: number, gpu: Tape['gpu']): void {
  const chosen = fedBack(feedback, step, samplesIn(images));
  const voxels = feedback.mask.size;
  for (const part of partsOf(images)) {
    const here = chosen.splice(0, part.shape[0]);
    if (!here.includes(true)) continue;
    const masked = maskBlend(new Tape(gpu), feedback.mask, part, feedback.mu);
    here.forEach((is, i) => {
      if (is) gpu.copy(masked, i * voxels, part, i * voxels, voxels);
    });
    masked.release();
  }
}
