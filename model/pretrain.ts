import { InputError } from '../cohort/error.ts';
import type { Session } from '../cohort/session.ts';
import { refuseLeaks } from '../cohort/splits/leaks.ts';
import type { Adam } from '../engine/adam.ts';
import { InFlight, stepsInFlight } from '../engine/in-flight.ts';
import { releaseAll, samplesIn } from '../engine/ops/pieces.ts';
import { scaledSum } from '../engine/ops/scaled-sum.ts';
import { meanSquaredError } from '../engine/ops/squared-error.ts';
import { Tape } from '../engine/tape.ts';
import type { Tensor } from '../engine/tensor.ts';
import type { Autoencoder } from './autoencoder.ts';
import { type EpochHooks, type EpochsResult, type Measured, runEpochs } from './epochs.ts';
import type { ImageStore } from './images.ts';
import { epochOrder } from './order.ts';
import { batches } from './predict.ts';
import { finite } from './train-step.ts';

/** Options of pretraining; the defaults are docs/method.md's. */
export interface PretrainOptions {
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly seed: number;
}

export const pretrainDefaults: PretrainOptions = {
  epochs: 30,
  batchSize: 8,
  learningRate: 1e-3,
  weightDecay: 0,
  seed: 0,
};

/** One epoch; losses are mean squared errors, the validation's null where there is no such side. */
export interface PretrainEpoch extends Measured {
  readonly validationLoss: number | null;
}

/** What pretraining needs: autoencoder, images, and ways to watch and to stop it. Diagnoses are not used. */
export interface Pretraining extends EpochHooks<PretrainEpoch> {
  readonly network: Autoencoder;
  readonly images: ImageStore;
  readonly train: readonly Session[];
  /** may be empty */
  readonly validation: readonly Session[];
  readonly options: PretrainOptions;
}

/**
 * Trains an autoencoder to give its images back: mean squared error over all voxels, Adam. The result is the epoch of lowest
 * validation loss, or training loss where there is no validation side; of equals the first. Aborts and resumption as `train`.
 *
 * @throws InputError when a loss is no number, naming the step and its images
 */
export function pretrain(pretraining: Pretraining): Promise<EpochsResult<PretrainEpoch>> {
  const { network, train, validation, options } = pretraining;
  refuseLeaks({ train, validation });
  const alike = train.map(() => 0);
  return runEpochs<PretrainEpoch>({
    ...pretraining,
    sessions: train,
    orderOf: (epoch) => epochOrder(alike, 'all', options.seed, epoch),
    stepOn: (adam, batch, x, step) => pretrainStep(network, adam, batch, x, step),
    entryOf: async (measured) => ({ ...measured, validationLoss: await validate(pretraining) }),
    bestOf: lowest,
    isDone: () => false,
  });
}

/** The epoch of lowest loss, of equals the first; null of none. */
function lowest(epochs: readonly PretrainEpoch[]): PretrainEpoch | null {
  const loss = ({ validationLoss, trainLoss }: PretrainEpoch) => validationLoss ?? trainLoss;
  return epochs.reduce<PretrainEpoch | null>(
    (best, epoch) => (best === null || loss(epoch) < loss(best) ? epoch : best),
    null,
  );
}

function pretrainStep(
  network: Autoencoder,
  adam: Adam,
  batch: readonly Session[],
  x: readonly Tensor[],
  step: number,
): Promise<number> {
  const { gpu } = network;
  const tape = new Tape(gpu);
  const reconstructed = network.forward(tape, x, true);
  const loss = reconstructionLoss(tape, reconstructed, x);
  releaseAll(reconstructed);
  const gradients = tape.backward(loss);
  adam.step(gradients);
  gradients.release();
  releaseAll(x);
  const value = gpu.read(loss);
  loss.release();
  return finite(value, batch, step);
}

/**
 * Mean squared error over all voxels of a batch in parts: [1], which the caller releases.
 *
 * @param a [n, 1, x, y, z] each
 * @param b parts of the same shapes
 */
export function reconstructionLoss(tape: Tape, a: readonly Tensor[], b: readonly Tensor[]): Tensor {
  const n = samplesIn(b);
  const losses = a.map((part, i) => meanSquaredError(tape, part, b[i]));
  const shares = b.map(({ shape }) => shape[0] / n);
  return losses.reduce((sum, loss, i) => {
    const next = scaledSum(tape, sum, i === 1 ? shares[0] : 1, loss, shares[i]);
    releaseAll([sum, loss]);
    return next;
  });
}

async function validate({ network, images, validation, options }: Pretraining): Promise<number | null> {
  if (validation.length === 0) return null;
  const { gpu } = network;
  let sum = 0;
  const inFlight = new InFlight<number>(stepsInFlight(options.batchSize, images.voxels), (loss) => {
    sum += loss;
  });
  network.setTrainable(false);
  images.announce(validation);
  for (const batch of batches(validation, options.batchSize)) {
    const x = await images.parts(gpu, batch);
    const tape = new Tape(gpu);
    const reconstructed = network.forward(tape, x, false);
    const loss = reconstructionLoss(tape, reconstructed, x);
    const value = gpu.read(loss).then(([mean]) => mean * batch.length);
    releaseAll([...x, ...reconstructed, loss]);
    await inFlight.add(value);
    await gpu.submit(); // the GPU has this batch before the host decodes the next one
  }
  await inFlight.drain();
  const mean = sum / validation.length;
  if (Number.isFinite(mean)) return mean;
  throw new InputError('validation', `the loss is ${mean}`, 'Lower the learning rate, or check the images');
}

/** One session's image as the autoencoder gives it back, in evaluation mode, in the order of its voxels. */
export async function reconstruct(
  network: Autoencoder,
  images: ImageStore,
  session: Session,
): Promise<Float32Array> {
  network.setTrainable(false);
  const x = await images.batch(network.gpu, [session]);
  const [reconstructed] = network.forward(new Tape(network.gpu), x, false);
  const values = network.gpu.read(reconstructed);
  x.release();
  reconstructed.release();
  return values;
}
