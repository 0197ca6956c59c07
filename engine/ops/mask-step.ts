import { type AdamOptions, adamDefaults } from '../adam.ts';
import { GpuError } from '../errors.ts';
import { type Gpu, grid1d } from '../gpu.ts';
import type { Tensor } from '../tensor.ts';
import { type AreaOptions, areaCount, areaTemplate } from './mask-area.ts';
import { maskFit } from './mask-fit.ts';
import { MaskGrid } from './mask-grid.ts';
import { fillPiece, keepPieces } from './mask-pieces.ts';
import { type Reduction, sumRows } from './sum.ts';

const ROWS = 16; // voxels along h that a thread takes
const LANES = 64; // threads of a workgroup

/** The regularisers of equation 2 and how Adam moves the mask. */
export interface MaskStepOptions {
  readonly lambda1: number;
  readonly lambda2: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly reduction: Reduction;
  /** an area to hide, in place of lambda1 and beta1 */
  readonly area?: AreaOptions;
  /** the masks follow from values at every so many voxels, which Adam moves in place of the masks (trilinear.wgsl) */
  readonly grid?: { readonly spacing: number; readonly shape: readonly number[] };
  /** a mask has no weight decay */
  readonly adam: Partial<Omit<AdamOptions, 'weightDecay'>>;
}

/** Where masks are on their way: with it they go on as if they had never stopped. */
export interface MaskState {
  /** [masks, d, h, w]; on a coarser grid the values on it, not the masks */
  readonly masks: Float32Array;
  /** Adam's moments, [masks, 2, ...] of what it moves */
  readonly moments: Float32Array;
  /** steps taken by each mask */
  readonly steps: readonly number[];
}

/**
 * Masks that move down the gradient of equation 2 in one pass over their voxels: the gradients of the blend (maskBlend)
 * and of both regularisers (maskSize or maskArea, totalVariation), Adam's update and the clamp to [0, 1]. Neighbours are read from
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
  private readonly coarse: MaskGrid | null;
  private steps: number[];

  /**
   * @param start the masks to start from, [d, h, w] for one, or [masks, d, h, w]; of masks on a coarser grid the values on it, in
   *   the same way (coarseShape). It becomes this object's own
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
    const { grid } = options;
    this.coarse = grid ? new MaskGrid(gpu, start, grid.shape, grid.spacing) : null;
    this.current = this.coarse?.masks() ?? start;
    this.volume = this.current.shape.slice(-3);
    this.other = gpu.empty(this.current.shape, 'moved masks');
    const count = this.current.size / this.voxels;
    const shape = [count, 2, ...start.shape.slice(-3)];
    this.held = state ? gpu.tensor(shape, state.moments, 'mask moments') : gpu.full(shape, 0, 'mask moments');
    this.steps = state ? [...state.steps] : new Array(count).fill(0);
  }

  private get voxels(): number {
    return this.volume.reduce((product, size) => product * size, 1);
  }

  /** How many numbers of a mask Adam moves. */
  private get moved(): number {
    return this.held.size / this.steps.length / 2;
  }

  /** The masks as they are now, [d, h, w] or [masks, d, h, w]; the tensor holds another state after the next step. */
  get mask(): Tensor {
    return this.current;
  }

  /** Steps that each mask has taken. */
  get taken(): readonly number[] {
    return this.steps;
  }

  /** The masks as they were before the last step; undefined values before the first. */
  get before(): Tensor {
    return this.other;
  }

  /** Adam's moments, [masks, 2, ...] of what it moves. */
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
    const { rates, ...adam } = this.adam();
    const rate = this.withTemplates(rates);
    const sums = gpu.empty([masks * 2, groups], 'regulariser parts');
    gpu.run('mask_step', {
      bindings: {
        ...{ dy: gradient, x: images, mu, m, rate, moved: this.other, sums },
        ...(!this.coarse && { moments: this.held }),
      },
      params: { masks, each, d, h, w, groups, ...this.regularisers(), ...adam },
      constants: {
        ...constants,
        LANES,
        ROWS,
        GRADIENT: Number(this.coarse !== null),
        AREA: Number(this.options.area !== undefined),
        LINEAR: Number(this.options.beta2 === 1),
      },
      grid: [across, down, masks],
    });
    if (this.coarse) {
      this.coarse.move(this.other, rate, this.held, adam);
      this.other.release();
      this.other = this.coarse.masks();
    }
    rate.release();
    [this.current, this.other] = [this.other, this.current];
    const terms = sumRows(gpu, sums, masks * 2, groups, 1, 'regularisers');
    sums.release();
    return terms;
  }

  /** Starts one mask anew, from ones. */
  restart(index: number): void {
    fillPiece(this.gpu, this.current, index, this.voxels, 1);
    fillPiece(this.gpu, this.held, index, 2 * this.moved, 0);
    this.coarse?.restart(index);
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
    this.held = keepPieces(gpu, this.held, indices, 2 * this.moved);
    this.coarse?.keep(indices);
    this.steps = indices.map((i) => this.steps[i]);
    this.mu = mu;
  }

  /** Where the masks are after the steps recorded so far. */
  async download(): Promise<MaskState> {
    const steps = [...this.steps];
    const [masks, moments] = await this.gpu.readAll([this.coarse?.values ?? this.current, this.held]);
    return { masks, moments, steps };
  }

  release(): void {
    for (const tensor of [this.current, this.other, this.held]) tensor.release();
    this.coarse?.release();
  }

  /** Exponents, and what each power is multiplied by: lambda, and for a mean one over how many there are. */
  private regularisers() {
    const { lambda1, lambda2, beta1, beta2, reduction, area } = this.options;
    const [d, h, w] = this.volume;
    const factor = (lambda: number, count: number) =>
      lambda / (reduction === 'mean' ? Math.max(1, count) : 1);
    return {
      size_exponent: beta1,
      factor_size: factor(area?.weight ?? lambda1, d * h * w),
      exponent: beta2,
      factor_z: factor(lambda2, (d - 1) * h * w),
      factor_y: factor(lambda2, d * (h - 1) * w),
      factor_x: factor(lambda2, d * h * (w - 1)),
    };
  }

  /** The rates [masks * 2], which this takes over, and behind them the templates of the masks' area, if there is one. */
  private withTemplates(rates: Tensor): Tensor {
    const { gpu, current, voxels } = this;
    const { area } = this.options;
    if (!area) return rates;
    const masks = current.size / voxels;
    const templates = areaTemplate(gpu, current, masks, areaCount(area.share, voxels));
    const both = gpu.empty([masks * 4], 'rates and templates of the masks');
    gpu.copy(rates, 0, both, 0, rates.size);
    gpu.copy(templates, 0, both, rates.size, templates.size);
    rates.release();
    templates.release();
    return both;
  }

  /** Adam's factors for every mask's next step, which is counted here. `rates` [masks * 2] is the caller's to release. */
  private adam() {
    const { learningRate, beta1, beta2, eps } = { ...adamDefaults, ...this.options.adam };
    this.steps = this.steps.map((count) => count + 1);
    const rate = Float32Array.from(
      this.steps.flatMap((count) => [learningRate / (1 - beta1 ** count), Math.sqrt(1 - beta2 ** count)]),
    );
    return {
      rates: this.gpu.tensor([rate.length], rate, 'rates of the masks'),
      beta1,
      rest1: 1 - beta1,
      beta2,
      rest2: 1 - beta2,
      eps,
    };
  }
}
