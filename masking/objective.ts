import { InputError } from '../cohort/error.ts';
import type { Gpu } from '../engine/gpu.ts';
import { classScore, type ScoreKind } from '../engine/ops/class-score.ts';
import { type AreaOptions, areaCount, maskArea } from '../engine/ops/mask-area.ts';
import { maskBlend } from '../engine/ops/mask-blend.ts';
import { maskSize } from '../engine/ops/mask-size.ts';
import type { Reduction } from '../engine/ops/sum.ts';
import { totalVariation } from '../engine/ops/total-variation.ts';
import { Tape } from '../engine/tape.ts';
import type { Tensor } from '../engine/tensor.ts';
import type { Network } from '../model/network.ts';
import { type Draw, disturb, type PerturbationOptions } from './perturbation.ts';

/** The masking loss of equation 2 and what it acts on; the defaults are docs/method.md's. */
export interface ObjectiveOptions {
  readonly lambda1: number;
  readonly lambda2: number;
  readonly beta1: number;
  readonly beta2: number;
  /** how the two regularisers are taken over voxels */
  readonly reduction: Reduction;
  /** what of the class's output is pushed down */
  readonly score: ScoreKind;
  /** an area to hide, in place of lambda1 and beta1 (docs/method.md, a fixed area) */
  readonly area?: AreaOptions;
  /** the mask follows from values at every so many voxels, in place of one at each (docs/method.md, a coarse mask) */
  readonly maskGrid?: number;
  /** the masked images are moved and get noise at each step (docs/method.md, shifts and noise) */
  readonly perturbation?: PerturbationOptions;
}

export const objectiveDefaults: ObjectiveOptions = {
  lambda1: 1e-4,
  lambda2: 1e-2,
  beta1: 0.1,
  beta2: 1,
  reduction: 'mean',
  score: 'probability',
};

/** The loss and its terms, the regularisers with their lambda. */
export interface MaskLoss {
  readonly total: number;
  /** lambda1 R(|1 - m|^beta1), or the area's penalty with its weight */
  readonly size: number;
  /** lambda2 sum over axes of R(|m(u + e) - m(u)|^beta2) */
  readonly variation: number;
  /** f(X'), mean over the images */
  readonly score: number;
}

/** Equation 2 for a network in evaluation mode, a class and a mu. */
export class MaskObjective {
  readonly options: ObjectiveOptions;
  readonly network: Network;
  readonly classIndex: number;
  /** [1] or [x, y, z] */
  readonly mu: Tensor;

  /**
   * @param mu [1] or [x, y, z]
   * @param classIndex the class whose output is pushed down
   */
  constructor(network: Network, mu: Tensor, classIndex: number, options: ObjectiveOptions) {
    this.network = network;
    this.mu = mu;
    this.classIndex = classIndex;
    this.options = options;
    network.setTrainable(false);
  }

  private get gpu(): Gpu {
    return this.network.gpu;
  }

  /**
   * f of a batch of masked images, and its gradient with respect to them; the caller releases both.
   *
   * @param blended [n, 1, x, y, z], images under masks
   * @param over    f as the mean over the batch, or each image's own
   * @param draws   how each image is disturbed, where the objective disturbs them
   * @returns score [1] of the mean or [n] of each, gradient of the images' shape
   */
  scoreGradient(
    blended: Tensor,
    over: 'mean' | 'each' = 'mean',
    draws: readonly Draw[] = [],
  ): { score: Tensor; gradient: Tensor } {
    const tape = new Tape(this.gpu);
    blended.requiresGrad = true;
    const { perturbation } = this.options;
    const seen = perturbation ? disturb(tape, blended, perturbation, draws) : blended;
    const score = this.score(tape, seen, over);
    if (seen !== blended) seen.release();
    const ones = this.gpu.full(score.shape, 1, 'upstream gradient');
    const gradients = tape.backward(score, ones);
    ones.release();
    const gradient = gradients.of(blended).share();
    gradients.release();
    return { score, gradient };
  }

  /** f of each of a batch of masked images [n, 1, x, y, z], as they are: [n]. The caller releases it. */
  plainScore(blended: Tensor): Tensor {
    return this.score(new Tape(this.gpu), blended, 'each');
  }

  /**
   * The loss on a batch of images, without a gradient.
   *
   * @param mask   [x, y, z] without requiresGrad
   * @param images [n, 1, x, y, z]
   * @param mu     this objective's, or a volume of each image, [n, x, y, z]
   */
  async loss(mask: Tensor, images: Tensor, mu = this.mu): Promise<MaskLoss> {
    const { lambda1, lambda2, beta1, beta2, reduction, area } = this.options;
    const tape = new Tape(this.gpu);
    const size = area
      ? maskArea(tape, mask, areaCount(area.share, mask.size), reduction)
      : maskSize(tape, mask, beta1, reduction);
    const variation = totalVariation(tape, mask, beta2, reduction);
    const blended = maskBlend(tape, mask, images, mu);
    const score = this.score(tape, blended);
    const values = this.gpu.readAll([size, variation, score]);
    for (const tensor of [size, variation, blended, score]) tensor.release();
    const [sizes, variations, scores] = await values;
    return maskLoss((area?.weight ?? lambda1) * sizes[0], lambda2 * variations[0], scores[0]);
  }

  private score(tape: Tape, blended: Tensor, over: 'mean' | 'each' = 'mean'): Tensor {
    const logits = this.network.forward(tape, blended, 'evaluation');
    const score = classScore(tape, logits, this.classIndex, this.options.score, over);
    logits.release();
    return score;
  }
}

/** Whether an objective suits images of this shape. @throws InputError for an area or a shift that they are too small for */
export function requireFit({ area, perturbation }: ObjectiveOptions, shape: readonly number[]): void {
  const least = Math.min(...shape);
  if (perturbation && 2 * perturbation.shift >= least)
    throw new InputError(
      `--shift ${perturbation.shift}`,
      `moves images of ${shape.join(' x ')} voxels out of sight`,
      `Give less than half of ${least}; a few voxels serve`,
    );
  if (!area) return;
  const voxels = shape.reduce((product, size) => product * size, 1);
  const count = Math.round(area.share * voxels);
  if (count >= 1 && count < voxels) return;
  throw new InputError(
    `--area ${area.share}`,
    `is ${count} of the ${voxels} voxels of the images`,
    'Give a share that holds at least one of them, and not all',
  );
}

/** The loss made of its terms, the regularisers with their lambda. */
export function maskLoss(size: number, variation: number, score: number): MaskLoss {
  return { total: size + variation + score, size, variation, score };
}
