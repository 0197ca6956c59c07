import type { Gpu } from '../engine/gpu.ts';
import { classScore, type ScoreKind } from '../engine/ops/class-score.ts';
import { maskBlend } from '../engine/ops/mask-blend.ts';
import { maskSize } from '../engine/ops/mask-size.ts';
import { scaledSum } from '../engine/ops/scaled-sum.ts';
import type { Reduction } from '../engine/ops/sum.ts';
import { totalVariation } from '../engine/ops/total-variation.ts';
import { Tape } from '../engine/tape.ts';
import type { Tensor } from '../engine/tensor.ts';
import type { Network } from '../model/network.ts';

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
  /** lambda1 R(|1 - m|^beta1) */
  readonly size: number;
  /** lambda2 sum over axes of R(|m(u + e) - m(u)|^beta2) */
  readonly variation: number;
  /** f(X'), mean over the images */
  readonly score: number;
}

/** The objective's parts as tensors of one element, on a tape. */
interface Parts {
  readonly size: Tensor;
  readonly variation: Tensor;
  readonly score: Tensor;
}

/** Equation 2 for a network in evaluation mode, a class and a mu. */
export class MaskObjective {
  readonly options: ObjectiveOptions;
  readonly network: Network;
  private readonly classIndex: number;
  private readonly mu: Tensor;

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
   * The loss on a batch of images and its gradient with respect to the mask.
   *
   * @param mask   [x, y, z] with requiresGrad
   * @param images [n, 1, x, y, z]
   * @returns the four losses as a tensor-reading promise, and the gradients, which the caller releases
   */
  gradient(mask: Tensor, images: Tensor) {
    const tape = new Tape(this.gpu);
    const parts = this.evaluate(tape, mask, images);
    const { lambda1, lambda2 } = this.options;
    const regulariser = scaledSum(tape, parts.size, lambda1, parts.variation, lambda2);
    const total = scaledSum(tape, regulariser, 1, parts.score, 1);
    regulariser.release();
    const gradients = tape.backward(total);
    total.release();
    return { gradients, loss: () => this.read(parts) };
  }

  /** The loss on a batch of images, without a gradient. */
  async loss(mask: Tensor, images: Tensor): Promise<MaskLoss> {
    const frozen = mask.share();
    frozen.requiresGrad = false;
    const parts = this.evaluate(new Tape(this.gpu), frozen, images);
    frozen.release();
    return this.read(parts);
  }

  private evaluate(tape: Tape, mask: Tensor, images: Tensor): Parts {
    const { beta1, beta2, reduction, score } = this.options;
    const size = maskSize(tape, mask, beta1, reduction);
    const variation = totalVariation(tape, mask, beta2, reduction);
    const blended = maskBlend(tape, mask, images, this.mu);
    const logits = this.network.forward(tape, blended, 'evaluation');
    blended.release();
    const value = classScore(tape, logits, this.classIndex, score);
    logits.release();
    return { size, variation, score: value };
  }

  private async read(parts: Parts): Promise<MaskLoss> {
    const { lambda1, lambda2 } = this.options;
    const values = await this.gpu.readAll([parts.size, parts.variation, parts.score]);
    for (const part of Object.values(parts)) part.release();
    const [size, variation, score] = [lambda1 * values[0][0], lambda2 * values[1][0], values[2][0]];
    return { total: size + variation + score, size, variation, score };
  }
}
