import { InputError } from '../cohort/error.ts';
import type { Session } from '../cohort/session.ts';
import { refuseLeaks } from '../cohort/splits/leaks.ts';
import { Adam } from '../engine/adam.ts';
import { InFlight, stepsInFlight } from '../engine/in-flight.ts';
import { softmaxCrossEntropy } from '../engine/ops/cross-entropy.ts';
import { RandomStream, streams } from '../engine/random.ts';
import { Tape } from '../engine/tape.ts';
import type { Tensor } from '../engine/tensor.ts';
import { EarlyStopping } from './early-stopping.ts';
import type { ImageStore } from './images.ts';
import { type Metrics, metricsOf } from './metrics.ts';
import type { Network } from './network.ts';
import { batches, predictLogits } from './predict.ts';
import type { Weights } from './weights.ts';

/** Options of training; the defaults are docs/method.md's. */
export interface TrainOptions {
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  /** epochs in a row whose validation loss may lie above the lowest before training stops */
  readonly patience: number;
  readonly seed: number;
}

export const trainDefaults: TrainOptions = {
  epochs: 30,
  batchSize: 8,
  learningRate: 1e-4,
  weightDecay: 1e-4,
  patience: 5,
  seed: 0,
};

/** One epoch: the mean training loss as the weights moved, and the validation set's metrics at its end. */
export interface Epoch {
  readonly epoch: number;
  readonly trainLoss: number;
  readonly validation: Metrics;
  readonly seconds: number;
}

export interface TrainResult {
  readonly weights: Weights;
  readonly best: Epoch;
  readonly epochs: readonly Epoch[];
  readonly interrupted: boolean;
}

export interface TrainProgress {
  readonly epoch: number;
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
}

/** What a training needs: network, images, both sides of a split, and ways to watch and to stop it. */
export interface Training {
  readonly network: Network;
  readonly images: ImageStore;
  readonly train: readonly Session[];
  readonly validation: readonly Session[];
  readonly options: TrainOptions;
  readonly signal?: AbortSignal;
  readonly onStep?: (progress: TrainProgress) => void;
  readonly onEpoch?: (epoch: Epoch) => void;
}

/**
 * Trains a network (paper, section 2.2.3): cross-entropy, Adam, validation after each epoch; stops once the validation
 * loss has been above its lowest value for `patience` epochs in a row. The result is the epoch of highest validation
 * balanced accuracy, of equals the first. An abort ends it after the steps under way, with the best epoch so far.
 *
 * @throws InputError when a loss is no number, naming the step and its images
 */
export async function train(training: Training): Promise<TrainResult> {
  const { network, options, signal } = training;
  refuseLeaks({ train: training.train, validation: training.validation });
  const adam = startAdam(network, options);
  const epochs: Epoch[] = [];
  let best: Epoch | null = null;
  let weights = await network.download();
  const stopping = new EarlyStopping(options.patience);
  for (let epoch = 1; epoch <= options.epochs && !signal?.aborted; epoch++) {
    const started = performance.now();
    const trainLoss = await trainEpoch(training, adam, epoch);
    if (signal?.aborted) break;
    const validation = await validate(training);
    const entry = { epoch, trainLoss, validation, seconds: (performance.now() - started) / 1000 };
    epochs.push(entry);
    if (!best || validation.balancedAccuracy > best.validation.balancedAccuracy) {
      best = entry;
      weights = await network.download();
    }
    training.onEpoch?.(entry);
    if (stopping.done(validation.loss)) break;
  }
  adam.release();
  const none: Epoch = { epoch: 0, trainLoss: Number.NaN, validation: noMetrics, seconds: 0 };
  return { weights, best: best ?? none, epochs, interrupted: signal?.aborted ?? false };
}

const noMetrics: Metrics = {
  balancedAccuracy: Number.NaN,
  sensitivity: Number.NaN,
  specificity: Number.NaN,
  loss: Number.NaN,
};

/** Adam over a network's parameters, which are made trainable. */
export function startAdam(network: Network, { learningRate, weightDecay }: TrainOptions): Adam {
  network.setTrainable(true);
  return new Adam(network.gpu, network.parameters(), { learningRate, weightDecay });
}

async function trainEpoch(training: Training, adam: Adam, epoch: number): Promise<number> {
  const { train: sessions, options, signal } = training;
  const order = new RandomStream(options.seed, streams.shuffle, epoch).permutation(sessions.length);
  const shuffled = batches(
    order.map((i) => sessions[i]),
    options.batchSize,
  );
  let total = 0;
  let seen = 0;
  let arrived = 0;
  const inFlight = new InFlight<number>(stepsInFlight(options.batchSize), (loss) => {
    const { length } = shuffled[arrived++];
    total += loss * length;
    seen += length;
    training.onStep?.({ epoch, step: arrived, steps: shuffled.length, loss });
  });
  training.network.setTrainable(true);
  training.images.announce(shuffled.flat());
  for (const [i, batch] of shuffled.entries()) {
    if (signal?.aborted) break;
    const x = await training.images.batch(training.network.gpu, batch);
    await inFlight.add(trainStep(training, adam, batch, x, (epoch - 1) * shuffled.length + i));
    await training.network.gpu.submit(); // the GPU has this step before the host decodes the next images
  }
  await inFlight.drain();
  return total / seen;
}

/**
 * Records and submits one step of training on a batch: forward, backward, Adam.
 *
 * @param x the batch's images, [n, 1, x, y, z]; released
 * @param step counts all steps of a training; dropout draws by it
 * @returns the batch's mean cross-entropy before the step, once the GPU is done with it; fails with an InputError that
 *   names the step and its images when it is no number
 */
export function trainStep(
  training: Training,
  adam: Adam,
  batch: readonly Session[],
  x: Tensor,
  step: number,
): Promise<number> {
  const { network, options } = training;
  const { gpu } = network;
  const tape = new Tape(gpu);
  const labels = gpu.tensor(
    [batch.length],
    Uint32Array.from(batch, (session) => labelOf(network, session)),
    'labels',
  );
  const logits = network.forward(tape, x, { draw: { seed: options.seed, step } });
  const loss = softmaxCrossEntropy(tape, logits, labels);
  logits.release();
  const gradients = tape.backward(loss);
  adam.step(gradients);
  gradients.release();
  x.release();
  labels.release();
  const value = gpu.read(loss);
  loss.release();
  return finite(value, batch, step);
}

async function finite(read: Promise<Float32Array>, batch: readonly Session[], step: number): Promise<number> {
  const [value] = await read;
  if (Number.isFinite(value)) return value;
  const names = batch.map((session) => `${session.participantId} ${session.sessionId}`).join(', ');
  throw new InputError(
    `training step ${step + 1}`,
    `the loss is ${value} on ${names}`,
    'Lower the learning rate, or check these images',
  );
}

function labelOf(network: Network, session: Session): number {
  return network.architecture.classes.indexOf(session.diagnosis);
}

async function validate({ network, images, validation, options }: Training): Promise<Metrics> {
  const logits = await predictLogits(network, images, validation, options.batchSize);
  const labels = validation.map((session) => labelOf(network, session));
  const metrics = metricsOf(logits, labels, network.architecture.classes.length);
  if (!Number.isFinite(metrics.loss)) {
    throw new InputError(
      'validation',
      `the loss is ${metrics.loss}`,
      'Lower the learning rate, or check the images',
    );
  }
  return metrics;
}
