import { InputError } from '../cohort/error.ts';
import { Adam, clamp } from '../engine/adam.ts';
import type { Gpu } from '../engine/gpu.ts';
import type { Tensor } from '../engine/tensor.ts';
import type { MaskLoss, MaskObjective } from './objective.ts';

/** A mask on the GPU that Adam moves down the objective's gradient, kept in [0, 1] (docs/method.md, mask). */
export class MaskTrainer {
  readonly mask: Tensor;
  private readonly gpu: Gpu;
  private readonly objective: MaskObjective;
  private readonly adam: Adam;
  private steps = 0;

  /** Starts from a mask of ones. */
  constructor(objective: MaskObjective, shape: readonly number[], learningRate: number) {
    this.gpu = objective.network.gpu;
    this.objective = objective;
    this.mask = this.gpu.full(shape, 1, 'mask');
    this.mask.requiresGrad = true;
    this.adam = new Adam(this.gpu, [this.mask], { learningRate });
  }

  /**
   * One step on a batch of images [n, 1, x, y, z].
   *
   * @param what names the images, for messages
   * @returns the loss before the step
   * @throws InputError when the loss is no number
   */
  async step(images: Tensor, what: string): Promise<MaskLoss> {
    const { gradients, loss } = this.objective.gradient(this.mask, images);
    this.adam.step(gradients);
    gradients.release();
    clamp(this.gpu, this.mask, 0, 1);
    this.steps += 1;
    const value = await loss();
    if (!Number.isFinite(value.total)) {
      throw new InputError(
        `mask step ${this.steps}`,
        `the loss is ${value.total} on ${what}`,
        'Lower the learning rate, or check this image',
      );
    }
    return value;
  }

  /** The mask as it is now, [x, y, z] with z fastest. */
  read(): Promise<Float32Array> {
    return this.gpu.read(this.mask);
  }

  release(): void {
    this.adam.release();
    this.mask.release();
  }
}
