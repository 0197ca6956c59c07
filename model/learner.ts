import type { Gpu } from '../engine/gpu.ts';
import type { Tensor } from '../engine/tensor.ts';
import type { Weights } from './weights.ts';

/** What is trained step by step: a network, or an autoencoder. */
export interface Learner {
  readonly gpu: Gpu;
  /** the tensors that training moves */
  parameters(): Tensor[];
  /** Says whether gradients of them are wanted. */
  setTrainable(trainable: boolean): void;
  /** The weights as they are now. */
  download(): Promise<Weights>;
}
