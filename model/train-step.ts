import type { Session } from '../cohort/session.ts';
import { Adam, type AdamState } from '../engine/adam.ts';
import { softmaxCrossEntropy } from '../engine/ops/cross-entropy.ts';
import { type Batch, partsOf, releaseAll } from '../engine/ops/pieces.ts';
import { Tape } from '../engine/tape.ts';
import { LossError } from './failure.ts';
import type { Learner } from './learner.ts';
import type { Network } from './network.ts';
import type { TrainOptions } from './train.ts';

/** What a step needs of a training. */
export interface Stepped {
  readonly network: Network;
  readonly options: TrainOptions;
}

/** Adam over a network's parameters, which are made trainable. @param state to go on from */
export function startAdam(
  network: Learner,
  { learningRate, weightDecay }: Pick<TrainOptions, 'learningRate' | 'weightDecay'>,
  state?: AdamState,
): Adam {
  network.setTrainable(true);
  return new Adam(network.gpu, network.parameters(), { learningRate, weightDecay }, state);
}

/**
 * Records and submits one step of training on a batch: forward, backward, Adam.
 *
 * @param x the batch's images, [n, 1, x, y, z], or parts of it; released
 * @param step counts all steps of a training; dropout draws by it
 * @returns the batch's mean cross-entropy before the step, once the GPU is done with it; fails with a LossError that
 *   names the step and its images when it is no number
 */
export function trainStep(
  { network, options }: Stepped,
  adam: Adam,
  batch: readonly Session[],
  x: Batch,
  step: number,
): Promise<number> {
  const { gpu } = network;
  const tape = new Tape(gpu);
  const labels = gpu.tensor(
    [batch.length],
    Uint32Array.from(batch, (session) => labelOf(network, session)),
    'labels',
  );
  const { seed, activations } = options;
  const logits = network.forward(tape, x, { draw: { seed, step }, activations });
  const loss = softmaxCrossEntropy(tape, logits, labels);
  logits.release();
  const gradients = tape.backward(loss);
  adam.step(gradients);
  gradients.release();
  releaseAll(partsOf(x));
  labels.release();
  const value = gpu.read(loss);
  loss.release();
  return finite(value, batch, step);
}

/**
 * A step's loss. @param read the loss, once the GPU has it; `[1]`
 * @throws LossError when it is no number, naming the step and its images
 */
export async function finite(
  read: Promise<Float32Array>,
  batch: readonly Session[],
  step: number,
): Promise<number> {
  const [value] = await read;
  if (Number.isFinite(value)) return value;
  throw new LossError(`training step ${step + 1}`, value, batch);
}

/** A session's class, as an index of the network's outputs. */
export function labelOf(network: Network, session: Session): number {
  return network.architecture.classes.indexOf(session.diagnosis);
}
