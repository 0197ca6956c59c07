import type { Gpu } from '../engine/gpu.ts';
import { convBlock, FoldedConvolution } from '../engine/ops/conv-block.ts';
import { type DropoutDraw, dropout } from '../engine/ops/dropout.ts';
import { leakyRelu } from '../engine/ops/leaky-relu.ts';
import { linear } from '../engine/ops/linear.ts';
import { mergeParts, releaseAll, splitBatch } from '../engine/ops/pieces.ts';
import { reshape } from '../engine/ops/reshape.ts';
import type { Tape } from '../engine/tape.ts';
import type { Tensor } from '../engine/tensor.ts';
import { type Architecture, fullyConnected, type SubBlock, subBlocks } from './architecture.ts';
import { type LayerTensors, normalisedLayer, SLOPE, trainInGroups } from './layers.ts';
import { partition } from './partition.ts';
import { checkWeights, type Weights } from './weights.ts';

/** Evaluation, or training with the random numbers for this step's dropout. */
export type Mode = 'evaluation' | { readonly draw: Omit<DropoutDraw, 'layer'> };

/** The CNN of the paper's section 2.2.2 on a GPU. */
export class Network {
  readonly gpu: Gpu;
  readonly architecture: Architecture;
  private readonly tensors = new Map<string, Tensor>();
  private readonly layers: readonly SubBlock[];
  private readonly folded = new Map<string, FoldedConvolution>();
  private batchesTracked: number;

  /** Puts weights on the GPU. @throws InputError if they do not fit the architecture */
  constructor(gpu: Gpu, architecture: Architecture, weights: Weights) {
    checkWeights(weights, architecture, 'model');
    this.gpu = gpu;
    this.architecture = architecture;
    this.layers = subBlocks(architecture);
    this.batchesTracked = weights.get(`${this.layers[0].batchNorm}.num_batches_tracked`)!.data[0];
    for (const [name, { shape, data, type }] of weights) {
      if (type === 'I64') continue;
      this.tensors.set(name, gpu.tensor(shape, data, name));
    }
  }

  /** The tensors that training moves: all but the running statistics. */
  parameters(): Tensor[] {
    return [...this.tensors].filter(([name]) => !name.includes('.running_')).map(([, tensor]) => tensor);
  }

  /** Says whether gradients of the parameters are wanted: for training yes, for masking no. */
  setTrainable(trainable: boolean): void {
    for (const parameter of this.parameters()) parameter.requiresGrad = trainable;
  }

  /**
   * Class scores of a batch. Where the device cannot bind a layer's volumes of the whole batch, they are computed in
   * parts; the result is that of the whole.
   *
   * @param x       [n, 1, ...inputShape]
   * @param largest bytes that a volume may have
   * @returns logits [n, classes]
   */
  forward(tape: Tape, x: Tensor, mode: Mode, largest = this.gpu.largestTensor): Tensor {
    const training = mode !== 'evaluation';
    const features = this.convolutions(tape, x, training, largest);
    let current = reshape(tape, features, [x.shape[0], features.size / x.shape[0]]);
    features.release();
    const then = (next: Tensor) => {
      current.release();
      current = next;
    };
    const rate = this.architecture.dropout;
    if (training && rate > 0) then(dropout(tape, current, rate, { ...mode.draw, layer: 0 }));
    fullyConnected(this.architecture).forEach(({ name }, i) => {
      if (i > 0) then(leakyRelu(tape, current, SLOPE));
      then(linear(tape, current, this.get(`${name}.weight`), this.get(`${name}.bias`)));
    });
    if (training) this.batchesTracked += 1;
    return current;
  }

  /** The weights as they are now. */
  async download(): Promise<Weights> {
    const weights: Weights = new Map();
    for (const [name, tensor] of this.tensors) {
      weights.set(name, { shape: tensor.shape, data: await this.gpu.read(tensor), type: 'F32' });
      if (name.endsWith('.running_var')) {
        const tracked = Float32Array.of(this.batchesTracked);
        weights.set(name.replace('running_var', 'num_batches_tracked'), {
          shape: [],
          data: tracked,
          type: 'I64',
        });
      }
    }
    return weights;
  }

  release(): void {
    this.unfold();
    for (const tensor of this.tensors.values()) tensor.release();
  }

  /** The convolutional part: [n, channels, x, y, z]. */
  private convolutions(tape: Tape, x: Tensor, training: boolean, largest: number): Tensor {
    const { inputShape } = this.architecture;
    const [n] = x.shape;
    if (training) this.unfold();
    const cuts = partition(this.layers, inputShape, n, largest, training);
    let parts = splitBatch(tape, x, cuts[0].samples);
    const then = (next: readonly Tensor[]) => {
      releaseAll(parts);
      parts = next;
    };
    for (const [i, layer] of this.layers.entries()) {
      const { samples, groups } = cuts[i];
      then(mergeParts(tape, parts, samples));
      if (!training && layer.stride === 1) {
        then(parts.map((part) => convBlock(tape, part, this.fold(layer), SLOPE, layer.pooled)));
      } else if (groups.length > 1) {
        then(trainInGroups(tape, parts, this.layerTensors(layer), layer, groups));
      } else {
        then(normalisedLayer(tape, parts, this.layerTensors(layer), layer, training));
      }
    }
    then(mergeParts(tape, parts, n));
    return parts[0];
  }

  /** A layer's convolution with its batch normalisation, kept until the weights move. */
  private fold(layer: SubBlock): FoldedConvolution {
    let folded = this.folded.get(layer.convolution);
    if (!folded) {
      const { weight, bias, norm } = this.layerTensors(layer);
      folded = new FoldedConvolution(this.gpu, weight, bias, norm);
      this.folded.set(layer.convolution, folded);
    }
    return folded;
  }

  private unfold(): void {
    for (const folded of this.folded.values()) folded.release();
    this.folded.clear();
  }

  private layerTensors({ convolution, batchNorm }: SubBlock): LayerTensors {
    return {
      weight: this.get(`${convolution}.weight`),
      bias: this.get(`${convolution}.bias`),
      norm: {
        gamma: this.get(`${batchNorm}.weight`),
        beta: this.get(`${batchNorm}.bias`),
        runningMean: this.get(`${batchNorm}.running_mean`),
        runningVar: this.get(`${batchNorm}.running_var`),
      },
    };
  }

  private get(name: string): Tensor {
    return this.tensors.get(name)!;
  }
}
