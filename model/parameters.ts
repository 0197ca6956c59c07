import type { Gpu } from '../engine/gpu.ts';
import type { NormalisedConvolution } from '../engine/ops/conv-norm-pool.ts';
import type { Tensor } from '../engine/tensor.ts';
import type { Weights } from './weights.ts';

/** The weights of a network on a GPU, by name. */
export class Parameters {
  readonly gpu: Gpu;
  private readonly tensors = new Map<string, Tensor>();
  private batchesTracked: number;

  /** @param weights their batch normalisations have all seen as many batches as the first one says */
  constructor(gpu: Gpu, weights: Weights) {
    this.gpu = gpu;
    this.batchesTracked = [...weights.values()].find(({ type }) => type === 'I64')?.data[0] ?? 0;
    for (const [name, { shape, data, type }] of weights)
      if (type === 'F32') this.tensors.set(name, gpu.tensor(shape, data, name));
  }

  get(name: string): Tensor {
    return this.tensors.get(name)!;
  }

  /** The tensors of a convolution and the batch normalisation behind it. */
  layer(convolution: string, batchNorm: string): NormalisedConvolution {
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

  /** The tensors that training moves: all but the running statistics. */
  trained(): Tensor[] {
    return [...this.tensors].filter(([name]) => !name.includes('.running_')).map(([, tensor]) => tensor);
  }

  /** Says whether gradients of them are wanted. */
  setTrainable(trainable: boolean): void {
    for (const parameter of this.trained()) parameter.requiresGrad = trainable;
  }

  /** Counts a batch that the batch normalisations have seen in training. */
  countBatch(): void {
    this.batchesTracked += 1;
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
    for (const tensor of this.tensors.values()) tensor.release();
  }
}
