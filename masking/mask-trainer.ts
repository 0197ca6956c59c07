import { InputError } from '../cohort/error.ts';
import type { Gpu } from '../engine/gpu.ts';
import { maskBlend } from '../engine/ops/mask-blend.ts';
import { type MaskState, MaskStep } from '../engine/ops/mask-step.ts';
import { Tape } from '../engine/tape.ts';
import type { Tensor } from '../engine/tensor.ts';
import { moverOptions, valuesShape } from './mask-form.ts';
import { type MaskLoss, type MaskObjective, maskLoss } from './objective.ts';

/** A mask on the GPU that Adam moves down the objective's gradient, kept in [0, 1] (docs/method.md, mask). */
export class MaskTrainer {
  private readonly gpu: Gpu;
  private readonly objective: MaskObjective;
  private readonly mover: MaskStep;
  private steps: number;

  /**
   * @param shape of the mask, [x, y, z]
   * @param from  the state to go on from; a mask of ones when not given
   */
  constructor(objective: MaskObjective, shape: readonly number[], learningRate: number, from?: MaskState) {
    this.gpu = objective.network.gpu;
    this.objective = objective;
    const values = valuesShape(objective.options, shape);
    const start = from ? this.gpu.tensor(values, from.masks, 'mask') : this.gpu.full(values, 1, 'mask');
    const options = moverOptions(objective.options, shape, learningRate);
    this.mover = new MaskStep(this.gpu, start, objective.mu, options, from);
    this.steps = from?.steps[0] ?? 0;
  }

  /** The mask as it is now, [x, y, z]; to be asked for anew after each step. */
  get mask(): Tensor {
    return this.mover.mask;
  }

  /**
   * Records and submits one step on a batch of images [n, 1, x, y, z], which may be released on return.
   *
   * @param what names the images, for messages
   * @param mu the objective's, or a volume of each image, [n, x, y, z]
   * @returns the loss before the step, on the images as disturbed where they are, once the GPU is done with it; fails with an InputError when it is no number
   */
  step(images: Tensor, what: string, mu = this.objective.mu): Promise<MaskLoss> {
    const blended = this.blend(images, mu);
    const draws = Array.from({ length: images.shape[0] }, (_, part) => ({ step: this.steps, part }));
    const { score, gradient } = this.objective.scoreGradient(blended, 'mean', draws);
    blended.release();
    const terms = this.move(images, gradient, mu);
    gradient.release();
    const values = this.gpu.readAll([terms, score]);
    terms.release();
    score.release();
    return this.finite(values, this.steps, what);
  }

  /** Images under the mask as it is (equation 1), [n, 1, x, y, z]; the caller releases them. */
  blend(images: Tensor, mu = this.objective.mu): Tensor {
    return maskBlend(new Tape(this.gpu), this.mask, images, mu);
  }

  /**
   * Moves the mask once. @param gradient of f with respect to the images that `blend` gave, of their shape
   *
   * @returns [2], the regularisers (size, variation) with their lambda before the step; the caller releases it
   */
  move(images: Tensor, gradient: Tensor, mu = this.objective.mu): Tensor {
    this.steps += 1;
    return this.mover.step(images, gradient, mu);
  }

  /** The mask as it is now, [x, y, z] with z fastest. */
  read(): Promise<Float32Array> {
    return this.gpu.read(this.mask);
  }

  /** The state after the steps recorded so far. */
  download(): Promise<MaskState> {
    return this.mover.download();
  }

  release(): void {
    this.mover.release();
  }

  private async finite(values: Promise<Float32Array[]>, step: number, what: string): Promise<MaskLoss> {
    const [[size, variation], [score]] = await values;
    const loss = maskLoss(size, variation, score);
    if (Number.isFinite(loss.total)) return loss;
    throw new InputError(
      `mask step ${step}`,
      `the loss is ${loss.total} on ${what}`,
      'Lower the learning rate, or check this image',
    );
  }
}
