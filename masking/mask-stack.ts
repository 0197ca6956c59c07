import type { Gpu } from '../engine/gpu.ts';
import { maskBlend } from '../engine/ops/mask-blend.ts';
import { type ChoiceOptions, type Judgement, judgements, MaskChoice } from '../engine/ops/mask-choice.ts';
import { keepPieces, writePiece } from '../engine/ops/mask-pieces.ts';
import { MaskStep } from '../engine/ops/mask-step.ts';
import { Tape } from '../engine/tape.ts';
import type { Tensor } from '../engine/tensor.ts';
import { softmax } from '../model/metrics.ts';
import { moverOptions, valuesShape } from './mask-form.ts';
import { type MaskLoss, type MaskObjective, maskLoss } from './objective.ts';

/** What one step tells of one mask: its loss before the step, and what follows from it. */
export interface Passed {
  readonly loss: MaskLoss;
  readonly judgement: Judgement;
}

export interface StackOptions {
  readonly learningRate: number;
  readonly choice: ChoiceOptions;
  /** each image has a mu of its own, given with it; else all have the objective's */
  readonly ownMu: boolean;
}

/**
 * Masks of one image each that are optimised together (paper, section 2.3.4). They share the kernels' calls and nothing
 * else: a mask comes out with the same bits whichever others are in the stack.
 */
export class MaskStack {
  private readonly gpu: Gpu;
  private readonly objective: MaskObjective;
  private readonly volume: readonly number[];
  private readonly mover: MaskStep;
  private readonly choice: MaskChoice;
  private images: Tensor;
  private mu: Tensor;

  /**
   * A stack whose images are all to be placed.
   *
   * @param count of its places
   * @param shape of the images, [x, y, z]
   */
  constructor(objective: MaskObjective, count: number, shape: readonly number[], options: StackOptions) {
    const { gpu } = objective.network;
    const masks = [count, ...shape];
    this.gpu = gpu;
    this.objective = objective;
    this.volume = shape;
    this.images = gpu.empty([count, 1, ...shape], 'images');
    this.mu = options.ownMu ? gpu.empty(masks, 'mu of each image') : objective.mu.share();
    const start = gpu.full([count, ...valuesShape(objective.options, shape)], 1, 'masks');
    this.mover = new MaskStep(
      gpu,
      start,
      this.mu,
      moverOptions(objective.options, shape, options.learningRate),
    );
    this.choice = new MaskChoice(gpu, masks, options.choice);
  }

  private get voxels(): number {
    return this.volume.reduce((product, size) => product * size, 1);
  }

  private get ownMu(): boolean {
    return this.mu.id !== this.objective.mu.id;
  }

  /** Puts an image, and its mu where each has its own, into a place, and starts its mask from ones. */
  place(index: number, image: Float32Array, mu: Float32Array | null): void {
    const put = (tensor: Tensor, values: Float32Array) => {
      const piece = this.gpu.tensor([values.length], values, tensor.label);
      writePiece(this.gpu, tensor, index, piece);
      piece.release();
    };
    put(this.images, image);
    if (this.ownMu) put(this.mu, mu!);
    this.mover.restart(index);
    this.choice.restart(index);
  }

  /** Records and submits one step of every mask. @returns by place, once the GPU is done with it */
  async step(): Promise<Passed[]> {
    const { gpu, images, mover } = this;
    const blended = maskBlend(new Tape(gpu), mover.mask, images, this.mu);
    // what judges a mask is not the luck of a disturbance; taken first, so that nothing is kept for a gradient
    const plain = this.objective.options.perturbation ? this.objective.plainScore(blended) : null;
    // all images are disturbed by their mask's own steps, whoever else is in the stack
    const draws = mover.taken.map((step) => ({ step, part: 0 }));
    const { score: disturbed, gradient } = this.objective.scoreGradient(blended, 'each', draws);
    const score = plain ?? disturbed;
    if (plain) disturbed.release();
    blended.release();
    const terms = mover.step(images, gradient);
    gradient.release();
    const state = this.choice.judge(mover.before, terms, score);
    const values = gpu.readAll([terms, score, state]);
    terms.release();
    score.release();
    const [regularisers, scores, states] = await values;
    return judgements(states).map((judgement, i) => ({
      loss: maskLoss(regularisers[2 * i], regularisers[2 * i + 1], scores[i]),
      judgement,
    }));
  }

  /** The mask that was kept in a place, [x, y, z]. */
  read(index: number): Promise<Float32Array> {
    return this.choice.read(index);
  }

  /** The network's probability of the class for the image in a place under a mask [x, y, z]. */
  async probability(index: number, mask: Float32Array): Promise<number> {
    const { gpu, voxels, volume } = this;
    const { network, classIndex } = this.objective;
    const cut = (tensor: Tensor, shape: readonly number[]) => {
      const piece = gpu.empty(shape, tensor.label);
      gpu.copy(tensor, index * voxels, piece, 0, voxels);
      return piece;
    };
    const image = cut(this.images, [1, 1, ...volume]);
    const mu = this.ownMu ? cut(this.mu, volume) : this.mu.share();
    const m = gpu.tensor(volume, mask, 'mask');
    const tape = new Tape(gpu);
    const blended = maskBlend(tape, m, image, mu);
    const logits = network.forward(tape, blended, 'evaluation');
    const values = gpu.read(logits);
    for (const tensor of [image, mu, m, blended, logits]) tensor.release();
    return softmax(await values)[classIndex];
  }

  /** Goes on with some of the places alone, in this order, and gives the others' memory back. */
  async keep(indices: readonly number[]): Promise<void> {
    this.images = keepPieces(this.gpu, this.images, indices, this.voxels);
    if (this.ownMu) this.mu = keepPieces(this.gpu, this.mu, indices, this.voxels);
    this.mover.keep(indices, this.mu);
    this.choice.keep(indices);
    await this.gpu.trim();
  }

  release(): void {
    for (const owner of [this.images, this.mu, this.mover, this.choice]) owner.release();
  }
}
