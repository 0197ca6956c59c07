import type { Gpu } from '../gpu.ts';
import type { Tensor } from '../tensor.ts';
import { fillPiece, keepPieces } from './mask-pieces.ts';

const STATE = 7; // numbers of a mask in mask_judge.wgsl

/** When a mask is done, and which of its states is kept. */
export interface ChoiceOptions {
  /** steps after which it is done at the latest; the mask after the last one is judged too */
  readonly maxSteps: number;
  readonly rule: 'relative' | 'literal';
  /** losses in a row that are not better before it is done; Infinity never stops it early */
  readonly patience: number;
  readonly tolerance: number;
  /** the mask that is kept: that of the lowest loss, or the last one */
  readonly keep: 'lowest' | 'last';
}

/** Why a mask is done; null while it is on its way. */
export type Ending = 'steps' | 'patience' | 'not a number' | null;

/** What is known of a mask after it was judged. */
export interface Judgement {
  readonly ending: Ending;
  /** steps of the mask that is kept so far */
  readonly keptAfter: number;
}

const endings: readonly Ending[] = [null, 'steps', 'patience', 'not a number'];

/**
 * Chooses among the states of masks on the GPU, so that steps may be recorded ahead of the losses' arrival on the host, and
 * the choice is still the same: once a mask is done, what is done to it counts no more.
 */
export class MaskChoice {
  private readonly gpu: Gpu;
  private readonly options: ChoiceOptions;
  private readonly voxels: number;
  private state: Tensor;
  private kept: Tensor;

  /** @param shape of the masks, [masks, d, h, w] */
  constructor(gpu: Gpu, shape: readonly number[], options: ChoiceOptions) {
    this.gpu = gpu;
    this.options = options;
    const [masks, ...volume] = shape;
    this.voxels = volume.reduce((product, size) => product * size, 1);
    this.state = gpu.full([masks, STATE], 0, 'mask judgements');
    this.kept = gpu.empty(shape, 'kept masks');
  }

  /** A mask starts anew. */
  restart(index: number): void {
    fillPiece(this.gpu, this.state, index, STATE, 0);
  }

  /**
   * Judges all masks.
   *
   * @param masks [masks, d, h, w], the masks that have these losses
   * @param terms [masks * 2], both regularisers of each
   * @param score [masks], f of each
   * @returns [masks, 7] to be read by `judgements`; it holds another state after the next call, and stays this object's
   */
  judge(masks: Tensor, terms: Tensor, score: Tensor): Tensor {
    const { maxSteps, rule, patience, tolerance, keep } = this.options;
    const [count] = masks.shape;
    // beyond what float32 counts exactly no mask ever comes
    const bounded = (limit: number) => Math.min(limit, 2 ** 24);
    this.gpu.run('mask_judge', {
      bindings: { terms, score, state: this.state },
      params: { masks: count, last: bounded(maxSteps), patience: bounded(patience), tolerance },
      constants: { RELATIVE: Number(rule === 'relative'), KEEP_LAST: Number(keep === 'last') },
      grid: [Math.ceil(count / 64), 1, 1],
    });
    this.gpu.run('mask_keep', {
      bindings: { state: this.state, m: masks, kept: this.kept },
      params: { masks: count, voxels: this.voxels },
      grid: [Math.ceil(this.voxels / 256), 1, count],
    });
    return this.state;
  }

  /** Reads back the kept state of one mask, [d, h, w]. */
  async read(index: number): Promise<Float32Array> {
    const { gpu, voxels } = this;
    const one = gpu.empty([voxels], 'kept mask');
    gpu.copy(this.kept, index * voxels, one, 0, voxels);
    const values = gpu.read(one);
    one.release();
    return values;
  }

  /** Goes on with some of the masks alone, in this order. */
  keep(indices: readonly number[]): void {
    this.state = keepPieces(this.gpu, this.state, indices, STATE);
    this.kept = keepPieces(this.gpu, this.kept, indices, this.voxels);
  }

  release(): void {
    this.state.release();
    this.kept.release();
  }
}

/** What the numbers of `MaskChoice.judge` say of each mask. */
export function judgements(state: Float32Array): Judgement[] {
  return Array.from({ length: state.length / STATE }, (_, i) => ({
    ending: endings[state[i * STATE + 5]],
    keptAfter: state[i * STATE + 6],
  }));
}
