import { convBlock, FoldedConvolution } from '../engine/ops/conv-block.ts';
import { type Batch, mergeParts, partsOf, releaseAll, samplesIn, splitBatch } from '../engine/ops/pieces.ts';
import type { Tape } from '../engine/tape.ts';
import type { Tensor } from '../engine/tensor.ts';
import { type Convolutional, type SubBlock, subBlocks } from './architecture.ts';
import { normalisedLayer, type Pass, trainInGroups } from './layers.ts';
import type { Parameters } from './parameters.ts';
import { partition } from './partition.ts';

/**
 * Sees each block's output [n, channels, x, y, z] on its way, in as many parts as the batch was cut into. Whoever wants to
 * keep a part shares it; with `requiresGrad` set on it, the tape goes back as far as there.
 */
export type BlockTap = (block: number, parts: readonly Tensor[]) => void;

/** The convolutional part of a network. */
export class Convolutions {
  private readonly parameters: Parameters;
  private readonly inputShape: readonly number[];
  private readonly layers: readonly SubBlock[];
  private readonly folded = new Map<string, FoldedConvolution>();

  /** @param parameters holds its weights; whoever made them releases them */
  constructor(parameters: Parameters, shape: Convolutional) {
    this.parameters = parameters;
    this.inputShape = shape.inputShape;
    this.layers = subBlocks(shape);
  }

  /**
   * Where the device cannot bind a layer's volumes of the whole batch, they are computed in parts; the result is that of the
   * whole.
   *
   * @param x       [n, 1, ...inputShape], or parts of it
   * @param pass    evaluation normalises by the running statistics, training by the batch's, and moves the running ones
   * @param largest bytes that a volume may have
   * @param tap     sees the output of every block
   * @returns [n, channels, x, y, z]
   */
  forward(tape: Tape, x: Batch, pass: Pass, largest: number, tap: BlockTap = () => {}): Tensor {
    const n = samplesIn(x);
    if (pass !== 'evaluation') this.unfold();
    const cuts = partition(this.layers, this.inputShape, n, largest, pass);
    let parts: readonly Tensor[] = partsOf(x).flatMap((part) => splitBatch(tape, part, cuts[0].samples));
    const then = (next: readonly Tensor[]) => {
      releaseAll(parts);
      parts = next;
    };
    let block = 0;
    for (const [i, layer] of this.layers.entries()) {
      const { samples, groups } = cuts[i];
      then(mergeParts(tape, parts, samples));
      if (pass === 'evaluation' && layer.stride === 1) {
        then(parts.map((part) => convBlock(tape, part, this.fold(layer), layer.slope, layer.pooled)));
      } else {
        const here = pass === 'recomputed' && i > 0 ? 'float32' : pass; // later volumes are smaller, and cost more
        if (here !== 'evaluation' && groups.length > 1)
          then(trainInGroups(tape, parts, this.tensors(layer), layer, groups, here));
        else then(normalisedLayer(tape, parts, this.tensors(layer), layer, here));
      }
      if (layer.pooled || layer.stride === 2) tap(block++, parts); // a block ends where the volume is halved
    }
    then(mergeParts(tape, parts, n));
    return parts[0];
  }

  release(): void {
    this.unfold();
  }

  /** A layer's convolution with its batch normalisation, kept until the weights move. */
  private fold(layer: SubBlock): FoldedConvolution {
    let folded = this.folded.get(layer.convolution);
    if (!folded) {
      const { weight, bias, norm } = this.tensors(layer);
      folded = new FoldedConvolution(this.parameters.gpu, weight, bias, norm);
      this.folded.set(layer.convolution, folded);
    }
    return folded;
  }

  private unfold(): void {
    for (const folded of this.folded.values()) folded.release();
    this.folded.clear();
  }

  private tensors({ convolution, batchNorm }: SubBlock) {
    return this.parameters.layer(convolution, batchNorm);
  }
}
