import { GpuError } from '../engine/errors.ts';
import type { Gpu } from '../engine/gpu.ts';
import { conv3d } from '../engine/ops/conv3d.ts';
import {
  type Batch,
  concat,
  mergeParts,
  partsOf,
  releaseAll,
  samplesIn,
  splitBatch,
} from '../engine/ops/pieces.ts';
import { upsample } from '../engine/ops/upsample.ts';
import type { Tape } from '../engine/tape.ts';
import type { Tensor } from '../engine/tensor.ts';
import { type Convolutional, defaultSlope, subBlocks } from './architecture.ts';
import { Convolutions } from './convolutions.ts';
import { type DecoderLayer, decoderLayers } from './decoder.ts';
import { normalisedLayer } from './layers.ts';
import { Parameters } from './parameters.ts';
import { voxelsOf } from './partition.ts';
import { type ArrayStart, checkArrays, convolutionArrays, drawArrays, type Weights } from './weights.ts';

/** Every array of an autoencoder: the network's convolutions under its own names, then the decoder's. */
export function autoencoderArrays(shape: Convolutional): Map<string, ArrayStart> {
  return convolutionArrays([...subBlocks(shape), ...decoderLayers(shape)]);
}

/** Its weights before training: the encoder's are those that a network of this seed begins with. */
export function initialAutoencoder(shape: Convolutional, seed: number): Weights {
  return drawArrays(autoencoderArrays(shape), seed);
}

/**
 * A convolutional autoencoder on a GPU (the paper's section 4 names it as future work): the encoder is the convolutional part
 * of the network, the decoder its mirror image (docs/method.md, pretraining).
 */
export class Autoencoder {
  readonly gpu: Gpu;
  readonly shape: Convolutional;
  private readonly weights: Parameters;
  private readonly encoder: Convolutions;
  private readonly layers: readonly DecoderLayer[];

  /** Puts weights on the GPU. @throws InputError if they do not fit the shape */
  constructor(gpu: Gpu, shape: Convolutional, weights: Weights) {
    checkArrays(weights, autoencoderArrays(shape), 'autoencoder');
    this.gpu = gpu;
    this.shape = shape;
    this.weights = new Parameters(gpu, weights);
    this.encoder = new Convolutions(this.weights, shape);
    this.layers = decoderLayers(shape);
  }

  /** The tensors that training moves: all but the running statistics. */
  parameters(): Tensor[] {
    return this.weights.trained();
  }

  /** Says whether gradients of the parameters are wanted. */
  setTrainable(trainable: boolean): void {
    this.weights.setTrainable(trainable);
  }

  /**
   * The batch as the code tells it. Volumes that the device cannot bind for the whole batch are computed in parts.
   *
   * @param x        [n, 1, ...inputShape], or parts of it
   * @param training whether batch normalisation is by the batch's statistics, moving the running ones, or by these
   * @param largest  bytes that a volume may have
   * @returns like x, in as many parts
   * @throws GpuError when a decoder's volume of one image is larger than the device binds
   */
  forward(tape: Tape, x: Batch, training: boolean, largest = this.gpu.largestTensor): readonly Tensor[] {
    const n = samplesIn(x);
    let parts: readonly Tensor[] = [
      this.encoder.forward(tape, x, training ? 'float32' : 'evaluation', largest),
    ];
    const then = (next: readonly Tensor[]) => {
      releaseAll(parts);
      parts = next;
    };
    for (const layer of this.layers) {
      const samples = samplesOf(layer, n, largest);
      then(parts.flatMap((part) => splitBatch(tape, part, samples)));
      const { upsampled } = layer;
      if (upsampled) then(parts.map((part) => upsample(tape, part, upsampled)));
      then(this.layer(tape, parts, layer, training));
    }
    const given = partsOf(x).map(({ shape }) => shape[0]);
    if (given.length === 1) then(mergeParts(tape, parts, n));
    else then(regrouped(tape, parts, given));
    if (training) this.weights.countBatch();
    return parts;
  }

  /** The weights as they are now. */
  download(): Promise<Weights> {
    return this.weights.download();
  }

  release(): void {
    this.encoder.release();
    this.weights.release();
  }

  private layer(
    tape: Tape,
    parts: readonly Tensor[],
    { convolution, batchNorm }: DecoderLayer,
    training: boolean,
  ): readonly Tensor[] {
    if (batchNorm !== null) {
      const tensors = this.weights.layer(convolution, batchNorm);
      return normalisedLayer(
        tape,
        parts,
        tensors,
        { stride: 1, pooled: false, slope: this.shape.slope ?? defaultSlope },
        training ? 'float32' : 'evaluation',
      );
    }
    const [weight, bias] = ['weight', 'bias'].map((name) => this.weights.get(`${convolution}.${name}`));
    return parts.map((part) => conv3d(tape, part, weight, bias, 1));
  }
}

/** Samples of a batch that go through a layer together. */
function samplesOf(
  { convolution, inputs, outputs, sizes }: DecoderLayer,
  n: number,
  largest: number,
): number {
  const bytes = 4 * Math.max(inputs, outputs) * voxelsOf(sizes);
  if (bytes > largest) {
    throw new GpuError(
      `Layer ${convolution} of the autoencoder needs ${bytes} bytes for one image of ${sizes.join(' x ')} voxels, ` +
        `and the device binds ${largest}: use fewer channels in the first block.`,
    );
  }
  return Math.min(n, Math.floor(largest / bytes));
}

/** The same samples in parts of other numbers. */
function regrouped(tape: Tape, parts: readonly Tensor[], counts: readonly number[]): readonly Tensor[] {
  const single = parts.flatMap((part) => splitBatch(tape, part, 1));
  const [, ...shape] = single[0].shape;
  let first = 0;
  const groups = counts.map((count) => {
    const some = single.slice(first, first + count);
    first += count;
    return concat(tape, some, [count, ...shape]);
  });
  releaseAll(single);
  return groups;
}
