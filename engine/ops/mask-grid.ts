import type { Gpu } from '../gpu.ts';
import type { Tensor } from '../tensor.ts';
import { fillPiece, keepPieces } from './mask-pieces.ts';
import { gather, spread } from './trilinear.ts';

/** Adam's factors of a step, as mask_adam.wgsl takes them. */
export interface AdamFactors {
  readonly beta1: number;
  readonly rest1: number;
  readonly beta2: number;
  readonly rest2: number;
  readonly eps: number;
}

/** What masks on a coarser grid have of their own: the values that Adam moves, from which the masks follow (trilinear). */
export class MaskGrid {
  private readonly gpu: Gpu;
  private readonly shape: readonly number[];
  private readonly spacing: number;
  private held: Tensor;

  /**
   * @param values [..., ...coarseShape(shape, spacing)]; they become this object's own
   * @param shape  of a mask, [d, h, w]
   */
  constructor(gpu: Gpu, values: Tensor, shape: readonly number[], spacing: number) {
    this.gpu = gpu;
    this.held = values;
    this.shape = shape;
    this.spacing = spacing;
  }

  /** The values as they are now. */
  get values(): Tensor {
    return this.held;
  }

  private get size(): number {
    return this.held.shape.slice(-3).reduce((product, size) => product * size, 1);
  }

  /** The masks of the values; the caller releases them. */
  masks(): Tensor {
    return spread(this.gpu, this.held, this.shape, this.spacing);
  }

  /**
   * Moves the values, and keeps them in [0, 1].
   *
   * @param gradient of the masks
   * @param rate     the step size of each mask and the root of its second moment's correction
   * @param moments  [masks, 2, ...], moved with them
   */
  move(gradient: Tensor, rate: Tensor, moments: Tensor, adam: AdamFactors): void {
    const { gpu, held, size } = this;
    const masks = held.size / size;
    const g = gather(gpu, gradient, held.shape, this.spacing);
    gpu.run('mask_adam', {
      bindings: { g, rate, moments, values: held },
      params: { masks, size, ...adam },
      grid: [Math.ceil(size / 256), 1, masks],
    });
    g.release();
  }

  /** Starts one mask anew, from ones. */
  restart(index: number): void {
    fillPiece(this.gpu, this.held, index, this.size, 1);
  }

  /** Goes on with some of the masks alone, in this order. */
  keep(indices: readonly number[]): void {
    this.held = keepPieces(this.gpu, this.held, indices, this.size);
  }

  release(): void {
    this.held.release();
  }
}
