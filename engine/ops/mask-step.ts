import { type AdamOptions, adamDefaults } from '../adam.ts';
import { GpuError } from '../errors.ts';
import { type Gpu, grid1d } from '../gpu.ts';
import type { Tensor } from '../tensor.ts';
import { type Reduction, sumRows } from './sum.ts';

const ROWS = 16; // voxels along h that a thread takes
const LANES = 64; // threads of a workgroup

/** The two regularisers of equation 2 and how Adam moves the mask. */
export interface MaskStepOptions {
  readonly lambda1: number;
  readonly lambda2: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly reduction: Reduction;
  /** a mask has no weight decay */
  readonly adam: Partial<Omit<AdamOptions, 'weightDecay'>>;
}

/**
 * A mask that moves down the gradient of equation 2 in one pass over its voxels: the gradients of the blend (maskBlend)
 * and of both regularisers (maskSize, totalVariation), Adam's update and the clamp to [0, 1]. Neighbours are read from
 * the mask as it was, so the moved mask goes into a second buffer, and the two change places.
 */
export class MaskStep {
  /** Adam's first moment, [d, h, w] */
  readonly first: Tensor;
  private readonly gpu: Gpu;
  private readonly mu: Tensor;
  private readonly options: MaskStepOptions;
  private readonly second: Tensor;
  private current: Tensor;
  private other: Tensor;
  private steps = 0;

  /**
   * @param start the mask to start from, [d, h, w]; it becomes this object's own
   * @param mu    [1] or [d, h, w]; stays the caller's
   */
  constructor(gpu: Gpu, start: Tensor, mu: Tensor, options: MaskStepOptions) {
    this.gpu = gpu;
    this.mu = mu;
    this.options = options;
    this.current = start;
    this.other = gpu.empty(start.shape, 'moved mask');
    this.first = gpu.full(start.shape, 0, 'mask first moment');
    this.second = gpu.full(start.shape, 0, 'mask second moment');
  }

  /** The mask as it is now, [d, h, w]; the tensor holds another state after the next step. */
  get mask(): Tensor {
    return this.current;
  }

  /**
   * Moves the mask once.
   *
   * @param images   [n, 1, d, h, w], the images that were blended
   * @param gradient the gradient of f with respect to the blended images, of their shape
   * @returns [2], lambda times each regulariser (size, variation) of the mask before the step; the caller releases it
   * @throws GpuError if the shapes do not fit together
   */
  step(images: Tensor, gradient: Tensor): Tensor {
    const { gpu, mu, current: m } = this;
    const [d, h, w] = m.shape;
    const n = images.size / m.size;
    if (!Number.isInteger(n) || gradient.size !== images.size || (mu.size !== 1 && mu.size !== m.size)) {
      throw new GpuError(
        `A mask [${m.shape}], images [${images.shape}], their gradient [${gradient.shape}] and mu [${mu.shape}] do not fit together.`,
      );
    }
    this.steps += 1;
    const threads = d * Math.ceil(h / ROWS) * w;
    const groups = Math.ceil(threads / LANES);
    const sums = gpu.empty([2, groups], 'regulariser parts');
    gpu.run('mask_step', {
      bindings: {
        dy: gradient,
        x: images,
        mu,
        m,
        first: this.first,
        second: this.second,
        moved: this.other,
        sums,
      },
      params: { n, d, h, w, groups, ...this.regularisers(), ...this.adam() },
      constants: { MU_VOLUME: Number(mu.size > 1), LANES, ROWS, LINEAR: Number(this.options.beta2 === 1) },
      grid: grid1d(threads, LANES),
    });
    [this.current, this.other] = [this.other, this.current];
    const terms = sumRows(gpu, sums, 2, groups, 1, 'regularisers');
    sums.release();
    return terms;
  }

  release(): void {
    for (const tensor of [this.current, this.other, this.first, this.second]) tensor.release();
  }

  /** Exponents, and what each power is multiplied by: lambda, and for a mean one over how many there are. */
  private regularisers() {
    const { lambda1, lambda2, beta1, beta2, reduction } = this.options;
    const [d, h, w] = this.current.shape;
    const factor = (lambda: number, count: number) =>
      lambda / (reduction === 'mean' ? Math.max(1, count) : 1);
    return {
      size_exponent: beta1,
      factor_size: factor(lambda1, d * h * w),
      exponent: beta2,
      factor_z: factor(lambda2, (d - 1) * h * w),
      factor_y: factor(lambda2, d * (h - 1) * w),
      factor_x: factor(lambda2, d * h * (w - 1)),
    };
  }

  private adam() {
    const { learningRate, beta1, beta2, eps } = { ...adamDefaults, ...this.options.adam };
    return {
      beta1,
      rest1: 1 - beta1,
      beta2,
      rest2: 1 - beta2,
      eps,
      step_size: learningRate / (1 - beta1 ** this.steps),
      root_correction: Math.sqrt(1 - beta2 ** this.steps),
    };
  }
}
