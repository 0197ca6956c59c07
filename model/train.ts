import type { Session } from '../cohort/session.ts';
import { refuseLeaks } from '../cohort/splits/leaks.ts';
import type { Activations } from '../engine/ops/convolved.ts';
import type { Tensor } from '../engine/tensor.ts';
import { EarlyStopping } from './early-stopping.ts';
import { type EpochHooks, runEpochs } from './epochs.ts';
import { explain, LossError } from './failure.ts';
import type { ImageStore } from './images.ts';
import { crossEntropy, type Metrics, metricsOf } from './metrics.ts';
import type { Network } from './network.ts';
import { epochOrder, type Sampling } from './order.ts';
import { predictLogits } from './predict.ts';
import { labelOf, trainStep } from './train-step.ts';
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
  /** how the volumes for the backward pass are stored */
  readonly activations: Activations;
}

export const trainDefaults: TrainOptions = {
  epochs: 30,
  batchSize: 8,
  learningRate: 1e-4,
  weightDecay: 1e-4,
  patience: 5,
  seed: 0,
  sampling: 'all',
  activations: 'float32',
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

/** What a training needs: network, images, both sides of a split, and ways to watch and to stop it. */
export interface Training extends EpochHooks<Epoch> {
  readonly network: Network;
  readonly images: ImageStore;
  readonly train: readonly Session[];
  readonly validation: readonly Session[];
  readonly options: TrainOptions;
  /** changes a step's images, which come in parts, in place before the network sees them; the validation set stays as it is */
  readonly alter?: (images: readonly Tensor[], step: number) => void;
}

/**
 * Trains a network (paper, section 2.2.3): cross-entropy, Adam, validation after each epoch; stops once the validation
 * loss has been above its lowest value for `patience` epochs in a row. The result is the epoch of highest validation
 * balanced accuracy, of equals the first. An abort ends it after the steps under way, with the best epoch so far. A training
 * that goes on from a state ends with the bits of one that was never interrupted.
 *
 * @throws TrainingFailed when a loss is no number, naming the step and its images, with the best epoch so far
 */
export async function train(training: Training): Promise<TrainResult> {
  const { network, options } = training;
  refuseLeaks({ train: training.train, validation: training.validation });
  const labels = training.train.map((session) => labelOf(network, session));
  const { weights, best, epochs, interrupted } = await runEpochs<Epoch>({
    ...training,
    sessions: training.train,
    orderOf: (epoch) => epochOrder(labels, options.sampling, options.seed, epoch),
    stepOn: (adam, batch, x, step) => {
      training.alter?.(x, step);
      return trainStep(training, adam, batch, x, step);
    },
    entryOf: async (measured) => ({ ...measured, validation: await validate(training, measured.epoch) }),
    explain: (error, sound) => explain(error, network, training.images, sound),
    bestOf,
    isDone: (epochs) => {
      const stopping = new EarlyStopping(options.patience);
      return epochs.map(({ validation }) => stopping.done(validation.loss)).some(Boolean);
    },
  });
  const none: Epoch = { epoch: 0, trainLoss: Number.NaN, validation: noMetrics, seconds: 0 };
  return { weights, best: best ?? none, epochs, interrupted };
}

/** The epoch of highest validation balanced accuracy, of equals the first; null of none. */
function bestOf(epochs: readonly Epoch[]): Epoch | null {
  return epochs.reduce<Epoch | null>(
    (best, epoch) =>
      best === null || epoch.validation.balancedAccuracy > best.validation.balancedAccuracy ? epoch : best,
    null,
  );
}

const noMetrics: Metrics = {
  balancedAccuracy: Number.NaN,
  sensitivity: Number.NaN,
  specificity: Number.NaN,
  loss: Number.NaN,
};

async function validate({ network, images, validation, options }: Training, epoch: number): Promise<Metrics> {
  const logits = await predictLogits(network, images, validation, options.batchSize);
  const labels = validation.map((session) => labelOf(network, session));
  const metrics = metricsOf(logits, labels, network.architecture.classes.length);
  if (Number.isFinite(metrics.loss)) return metrics;
  const bad = validation.filter((_, i) => !Number.isFinite(crossEntropy(logits[i], labels[i])));
  throw new LossError(`validation of epoch ${epoch}`, metrics.loss, bad);
}
