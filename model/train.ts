import { InputError } from '../cohort/error.ts';
import type { Session } from '../cohort/session.ts';
import { refuseLeaks } from '../cohort/splits/leaks.ts';
import type { Adam } from '../engine/adam.ts';
import { InFlight, stepsInFlight } from '../engine/in-flight.ts';
import type { TrainState } from './checkpoint.ts';
import { EarlyStopping } from './early-stopping.ts';
import type { ImageStore } from './images.ts';
import { type Metrics, metricsOf } from './metrics.ts';
import type { Network } from './network.ts';
import { epochOrder, type Sampling } from './order.ts';
import { batches, predictLogits } from './predict.ts';
import { labelOf, startAdam, trainStep } from './train-step.ts';
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
  readonly sampling: Sampling;
}

export const trainDefaults: TrainOptions = {
  epochs: 30,
  batchSize: 8,
  learningRate: 1e-4,
  weightDecay: 1e-4,
  patience: 5,
  seed: 0,
  sampling: 'all',
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
  /** goes on from here, with a network of its weights */
  readonly from?: TrainState | undefined;
  /** whether it is time for a checkpoint; asked between steps (true) and between epochs (false). An abort makes one anyway */
  readonly due?: (within: boolean) => boolean;
  readonly onCheckpoint?: (state: TrainState) => void;
}

/**
 * Trains a network (paper, section 2.2.3): cross-entropy, Adam, validation after each epoch; stops once the validation
 * loss has been above its lowest value for `patience` epochs in a row. The result is the epoch of highest validation
 * balanced accuracy, of equals the first. An abort ends it after the steps under way, with the best epoch so far. A training
 * that goes on from a state ends with the bits of one that was never interrupted.
 *
 * @throws InputError when a loss is no number, naming the step and its images
 */
export async function train(training: Training): Promise<TrainResult> {
  const { network, options, signal, from } = training;
  refuseLeaks({ train: training.train, validation: training.validation });
  const adam = startAdam(network, options, from?.adam);
  const epochs = [...(from?.epochs ?? [])];
  let best = bestOf(epochs);
  let weights = from?.best ?? null;
  const stopping = new EarlyStopping(options.patience);
  let stopped = epochs.map(({ validation }) => stopping.done(validation.loss)).some(Boolean);
  let begun: Begun | null = from && from.step > 0 ? from : null;
  const save = (progress: Begun) => checkpoint(training, adam, { ...progress, epochs, best: weights });
  try {
    for (let epoch = from?.epoch ?? 1; epoch <= options.epochs && !stopped && !signal?.aborted; epoch++) {
      const started = performance.now();
      const trainLoss = await trainEpoch(training, adam, begun ?? { epoch, ...nothing }, save);
      begun = null;
      if (trainLoss === null) break;
      const validation = await validate(training);
      const entry = { epoch, trainLoss, validation, seconds: (performance.now() - started) / 1000 };
      epochs.push(entry);
      if (bestOf(epochs) === entry) {
        best = entry;
        weights = await network.download();
      }
      training.onEpoch?.(entry);
      stopped = stopping.done(validation.loss);
      if (signal?.aborted || training.due?.(false)) await save({ epoch: epoch + 1, ...nothing });
    }
  } finally {
    adam.release();
  }
  const none: Epoch = { epoch: 0, trainLoss: Number.NaN, validation: noMetrics, seconds: 0 };
  const kept = weights ?? (await network.download());
  return { weights: kept, best: best ?? none, epochs, interrupted: signal?.aborted ?? false };
}

/** The epoch of highest validation balanced accuracy, of equals the first; null of none. */
function bestOf(epochs: readonly Epoch[]): Epoch | null {
  return epochs.reduce<Epoch | null>(
    (best, epoch) =>
      best === null || epoch.validation.balancedAccuracy > best.validation.balancedAccuracy ? epoch : best,
    null,
  );
}

/** Where an epoch stands. */
type Begun = Pick<TrainState, 'epoch' | 'step' | 'lossSum' | 'images'>;

const nothing = { step: 0, lossSum: 0, images: 0 };

async function checkpoint(
  { network, onCheckpoint }: Training,
  adam: Adam,
  progress: Omit<TrainState, 'weights' | 'adam'>,
): Promise<void> {
  if (!onCheckpoint) return;
  const { epoch, step, lossSum, images, epochs, best } = progress;
  const state = { epoch, step, lossSum, images, epochs: [...epochs], best };
  onCheckpoint({ ...state, weights: await network.download(), adam: await adam.download() });
}

const noMetrics: Metrics = {
  balancedAccuracy: Number.NaN,
  sensitivity: Number.NaN,
  specificity: Number.NaN,
  loss: Number.NaN,
};

/**
 * The steps of an epoch that are left. @returns the mean training loss over all of them; null after an abort, when its
 * progress has been saved
 */
async function trainEpoch(
  training: Training,
  adam: Adam,
  begun: Begun,
  save: (progress: Begun) => Promise<void>,
): Promise<number | null> {
  const { train: sessions, options, signal, network, images } = training;
  const { epoch } = begun;
  const labels = sessions.map((session) => labelOf(network, session));
  const order = epochOrder(labels, options.sampling, options.seed, epoch);
  const shuffled = batches(
    order.map((i) => sessions[i]),
    options.batchSize,
  );
  let { lossSum, images: seen, step: arrived } = begun;
  const inFlight = new InFlight<number>(stepsInFlight(options.batchSize), (loss) => {
    const { length } = shuffled[arrived++];
    lossSum += loss * length;
    seen += length;
    training.onStep?.({ epoch, step: arrived, steps: shuffled.length, loss });
  });
  network.setTrainable(true);
  images.announce(shuffled.slice(arrived).flat());
  const saved = () => save({ epoch, step: arrived, lossSum, images: seen });
  for (let i = begun.step; i < shuffled.length && !signal?.aborted; i++) {
    if (i > begun.step && training.due?.(true)) {
      await inFlight.drain();
      await saved();
    }
    const x = await images.batch(network.gpu, shuffled[i]);
    await inFlight.add(trainStep(training, adam, shuffled[i], x, (epoch - 1) * shuffled.length + i));
    await network.gpu.submit(); // the GPU has this step before the host waits for the next images
  }
  await inFlight.drain();
  if (signal?.aborted) {
    await saved();
    return null;
  }
  return lossSum / seen;
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
