import type { Gpu } from '../engine/gpu.ts';
import { type BatchNormTensors, batchNorm } from '../engine/ops/batchnorm.ts';
import { convBlock, FoldedConvolution } from '../engine/ops/conv-block.ts';
import { conv3d } from '../engine/ops/conv3d.ts';
import { type DropoutDraw, dropout } from '../engine/ops/dropout.ts';
import { leakyRelu } from '../engine/ops/leaky-relu.ts';
import { linear } from '../engine/ops/linear.ts';
import { normPool } from '../engine/ops/norm-pool.ts';
import { reshape } from '../engine/ops/reshape.ts';
import type { Tape } from '../engine/tape.ts';
import type { Tensor } from '../engine/tensor.ts';
import { type Architecture, fullyConnected, type SubBlock, subBlocks } from './architecture.ts';
import { checkWeights, type Weights } from './weights.ts';

/** Negative slope of every LeakyReLU (docs/method.md, network). */
const SLOPE = 0.01;

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
   * Class scores of a batch.
   *
   * @param x [n, 1, ...inputShape]
   * @returns logits [n, classes]
   */
  forward(tape: Tape, x: Tensor, mode: Mode): Tensor {
    const training = mode !== 'evaluation';
    let current = x.share();
    const then = (next: Tensor) => {
      current.release();
      current = next;
    };
    if (training) this.unfold();
    for (const layer of this.layers) {
      if (!training && layer.stride === 1) {
        then(convBlock(tape, current, this.fold(layer), SLOPE, layer.pooled));
        continue;
      }
      const weight = this.get(`${layer.convolution}.weight`);
      then(conv3d(tape, current, weight, this.get(`${layer.convolution}.bias`), layer.stride));
      const norm = this.batchNormTensors(layer.batchNorm);
      if (layer.pooled) {
        then(normPool(tape, current, norm, SLOPE));
      } else {
        then(batchNorm(tape, current, norm, training));
        then(leakyRelu(tape, current, SLOPE));
      }
    }
    then(reshape(tape, current, [x.shape[0], current.size / x.shape[0]]));
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

  /** A layer's convolution with its batch normalisation, kept until the weights move. */
  private fold(layer: SubBlock): FoldedConvolution {
    let folded = this.folded.get(layer.convolution);
    if (!folded) {
      const [weight, bias] = [`${layer.convolution}.weight`, `${layer.convolution}.bias`].map((name) =>
        this.get(name),
      );
      folded = new FoldedConvolution(this.gpu, weight, bias, this.batchNormTensors(layer.batchNorm));
      this.folded.set(layer.convolution, folded);
    }
    return folded;
  }

  private unfold(): void {
    for (const folded of this.folded.values()) folded.release();
    this.folded.clear();
  }

  private batchNormTensors(name: string): BatchNormTensors {
    return {
      gamma: this.get(`${name}.weight`),
      beta: this.get(`${name}.bias`),
      runningMean: this.get(`${name}.running_mean`),
      runningVar: this.get(`${name}.running_var`),
    };
  }

  private get(name: string): Tensor {
    return this.tensors.get(name)!;
  }
}
