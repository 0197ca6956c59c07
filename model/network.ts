import type { Gpu } from '../engine/gpu.ts';
import type { Activations } from '../engine/ops/convolved.ts';
import { type DropoutDraw, dropout } from '../engine/ops/dropout.ts';
import { leakyRelu } from '../engine/ops/leaky-relu.ts';
import { linear } from '../engine/ops/linear.ts';
import { type Batch, samplesIn } from '../engine/ops/pieces.ts';
import { reshape } from '../engine/ops/reshape.ts';
import type { Tape } from '../engine/tape.ts';
import type { Tensor } from '../engine/tensor.ts';
import { type Architecture, defaultSlope, fullyConnected } from './architecture.ts';
import { type BlockTap, Convolutions } from './convolutions.ts';
import { Parameters } from './parameters.ts';
import { checkWeights, type Weights } from './weights.ts';

/** Evaluation, or training: the random numbers for this step's dropout, and how the volumes for its backward pass are stored. */
export type Mode =
  | 'evaluation'
  | { readonly draw: Omit<DropoutDraw, 'layer'>; readonly activations?: Activations };

/** The CNN of the paper's section 2.2.2 on a GPU. */
export class Network {
  readonly gpu: Gpu;
  readonly architecture: Architecture;
  private readonly weights: Parameters;
  private readonly convolutions: Convolutions;

  /** Puts weights on the GPU. @throws InputError if they do not fit the architecture */
  constructor(gpu: Gpu, architecture: Architecture, weights: Weights) {
    checkWeights(weights, architecture, 'model');
    this.gpu = gpu;
    this.architecture = architecture;
    this.weights = new Parameters(gpu, weights);
    this.convolutions = new Convolutions(this.weights, architecture);
  }

  /** The tensors that training moves: all but the running statistics. */
  parameters(): Tensor[] {
    return this.weights.trained();
  }

  /** Says whether gradients of the parameters are wanted: for training yes, for masking no. */
  setTrainable(trainable: boolean): void {
    this.weights.setTrainable(trainable);
  }

  /**
   * Class scores of a batch. Where the device cannot bind a layer's volumes of the whole batch, they are computed in
   * parts; the result is that of the whole.
   *
   * @param x       [n, 1, ...inputShape], or parts of it
   * @param largest bytes that a volume may have
   * @param tap     sees the output of every block
   * @returns logits [n, classes]
   */
  forward(tape: Tape, x: Batch, mode: Mode, largest = this.gpu.largestTensor, tap?: BlockTap): Tensor {
    const training = mode !== 'evaluation';
    const pass = training ? (mode.activations ?? 'float32') : mode;
    const n = samplesIn(x);
    const features = this.convolutions.forward(tape, x, pass, largest, tap);
    let current = reshape(tape, features, [n, features.size / n]);
    features.release();
    const then = (next: Tensor) => {
      current.release();
      current = next;
    };
    const { dropout: rate, slope = defaultSlope } = this.architecture;
    if (training && rate > 0) then(dropout(tape, current, rate, { ...mode.draw, layer: 0 }));
    fullyConnected(this.architecture).forEach(({ name }, i) => {
      if (i > 0) then(leakyRelu(tape, current, slope));
      then(linear(tape, current, this.weights.get(`${name}.weight`), this.weights.get(`${name}.bias`)));
    });
    if (training) this.weights.countBatch();
    return current;
  }

  /** The weights as they are now. */
  download(): Promise<Weights> {
    return this.weights.download();
  }

  release(): void {
    this.convolutions.release();
    this.weights.release();
  }
}
