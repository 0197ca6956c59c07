import { type AdamOptions, adamDefaults } from '../adam.ts';
import { GpuError } from '../errors.ts';
import { type Gpu, grid1d } from '../gpu.ts';
import type { Tensor } from '../tensor.ts';
import { maskFit } from './mask-fit.ts';
import { fillPiece, keepPieces } from './mask-pieces.ts';
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

/** Where masks are on their way: with it they go on as if they had never stopped. */
export interface MaskState {
  /** [masks, d, h, w] */
  readonly masks: Float32Array;
  /** Adam's moments, [masks, 2, d, h, w] */
  readonly moments: Float32Array;
  /** steps taken by each mask */
  readonly steps: readonly number[];
}

/**
 * Masks that move down the gradient of equation 2 in one pass over their voxels: the gradients of the blend (maskBlend)
 * and of both regularisers (maskSize, totalVariation), Adam's update and the clamp to [0, 1]. Neighbours are read from
 * the mask as it was, so the moved mask goes into a second buffer, and the two change places. Masks of one MaskStep know
 * nothing of each other: each has its images, its moments and its number of steps.
 */
export class MaskStep {
  private readonly gpu: Gpu;
  private readonly options: MaskStepOptions;
  private readonly volume: readonly number[];
  private mu: Tensor;
  private current: Tensor;
  private other: Tensor;
  private held: Tensor;
  private steps: number[];

  /**
   * @param start the masks to start from, [d, h, w] for one, or [masks, d, h, w]; it becomes this object's own
   * @param mu    as maskBlend has it; stays the caller's
   * @param state what they have gathered before; nothing when not given
   */
  constructor(
    gpu: Gpu,
    start: Tensor,
    mu: Tensor,
    options: MaskStepOptions,
    state?: Pick<MaskState, 'moments' | 'steps'>,
  ) {
    this.gpu = gpu;
    this.mu = mu;
    this.options = options;
    this.volume = start.shape.slice(-3);
    this.current = start;
    this.other = gpu.empty(start.shape, 'moved masks');
    const count = start.size / this.voxels;
    const shape = [count, 2, ...this.volume];
    this.held = state ? gpu.tensor(shape, state.moments, 'mask moments') : gpu.full(shape, 0, 'mask moments');
    this.steps = state ? [...state.steps] : new Array(count).fill(0);
  }

  private get voxels(): number {
    return this.volume.reduce((product, size) => product * size, 1);
  }

  /** The masks as they are now, of the shape of the start; the tensor holds another state after the next step. */
  get mask(): Tensor {
    return this.current;
  }

  /** The masks as they were before the last step; undefined values before the first. */
  get before(): Tensor {
    return this.other;
  }

  /** Adam's moments, [masks, 2, d, h, w]. */
  get moments(): Tensor {
    return this.held;
  }

  /**
   * Moves every mask once.
   *
   * @param images   [n, 1, d, h, w], the images that were blended
   * @param gradient the gradient of f with respect to the blended images, of their shape
   * @param mu       what they were blended with: that of the start, or a volume of each image
   * @returns [masks * 2], lambda times each regulariser (size, variation) of each mask before the step; the caller releases it
   * @throws GpuError if the shapes do not fit together
   */
  step(images: Tensor, gradient: Tensor, mu = this.mu): Tensor {
    const { gpu, current: m } = this;
    const { masks, each, shape, constants } = maskFit(m, images, mu);
    if (gradient.size !== images.size)
      throw new GpuError(
        `Images [${images.shape}] and their gradient [${gradient.shape}] do not fit together.`,
      );
    const [d, h, w] = shape;
    const threads = d * Math.ceil(h / ROWS) * w;
    const groups = Math.ceil(threads / LANES);
    const [across, down] = grid1d(threads, LANES);
    const { rate, ...adam } = this.adam();
    const sums = gpu.empty([masks * 2, groups], 'regulariser parts');
    gpu.run('mask_step', {
      bindings: { dy: gradient, x: images, mu, m, rate, moments: this.held, moved: this.other, sums },
      params: { masks, each, d, h, w, groups, ...this.regularisers(), ...adam },
      constants: { ...constants, LANES, ROWS, LINEAR: Number(this.options.beta2 === 1) },
      grid: [across, down, masks],
    });
    rate.release();
    [this.current, this.other] = [this.other, this.current];
    const terms = sumRows(gpu, sums, masks * 2, groups, 1, 'regularisers');
    sums.release();
    return terms;
  }

  /** Starts one mask anew, from ones. */
  restart(index: number): void {
    fillPiece(this.gpu, this.current, index, this.voxels, 1);
    fillPiece(this.gpu, this.held, index, 2 * this.voxels, 0);
    this.steps[index] = 0;
  }

  /**
   * Goes on with some of the masks alone, in this order.
   *
   * @param mu of those that are kept
   */
  keep(indices: readonly number[], mu: Tensor): void {
    const { gpu, voxels } = this;
    this.current = keepPieces(gpu, this.current, indices, voxels);
    this.other = keepPieces(gpu, this.other, indices, voxels);
    this.held = keepPieces(gpu, this.held, indices, 2 * voxels);
    this.steps = indices.map((i) => this.steps[i]);
    this.mu = mu;
  }

  /** Where the masks are after the steps recorded so far. */
  async download(): Promise<MaskState> {
    const steps = [...this.steps];
    const [masks, moments] = await this.gpu.readAll([this.current, this.held]);
    return { masks, moments, steps };
  }

  release(): void {
    for (const tensor of [this.current, this.other, this.held]) tensor.release();
  }

  /** Exponents, and what each power is multiplied by: lambda, and for a mean one over how many there are. */
  private regularisers() {
    const { lambda1, lambda2, beta1, beta2, reduction } = this.options;
    const [d, h, w] = this.volume;
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

  /** Adam's factors for every mask's next step, which is counted here. `rate` [masks * 2] is the caller's to release. */
  private adam() {
    const { learningRate, beta1, beta2, eps } = { ...adamDefaults, ...this.options.adam };
    this.steps = this.steps.map((count) => count + 1);
    const rate = Float32Array.from(
      this.steps.flatMap((count) => [learningRate / (1 - beta1 ** count), Math.sqrt(1 - beta2 ** count)]),
    );
    return {
      rate: this.gpu.tensor([rate.length], rate, 'rates of the masks'),
      beta1,
      rest1: 1 - beta1,
      beta2,
      rest2: 1 - beta2,
      eps,
    };
  }
}
