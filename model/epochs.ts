import type { InputError } from '../cohort/error.ts';
import type { Session } from '../cohort/session.ts';
import type { Adam } from '../engine/adam.ts';
import { InFlight, stepsInFlight } from '../engine/in-flight.ts';
import type { Tensor } from '../engine/tensor.ts';
import type { TrainState } from './checkpoint.ts';
import { LossError, TrainingFailed } from './failure.ts';
import type { ImageStore } from './images.ts';
import type { Learner } from './learner.ts';
import { batches } from './predict.ts';
import { startAdam } from './train-step.ts';
import type { Weights } from './weights.ts';

export interface TrainProgress {
  readonly epoch: number;
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
}

/** Ways to watch, to stop and to resume a training whose epochs are described by E. */
export interface EpochHooks<E> {
  readonly signal?: AbortSignal;
  readonly onStep?: (progress: TrainProgress) => void;
  readonly onEpoch?: (epoch: E) => void;
  /** goes on from here, with a network of its weights */
  readonly from?: TrainState<E> | undefined;
  /** whether it is time for a checkpoint; asked between steps (true) and between epochs (false). An abort makes one anyway */
  readonly due?: (within: boolean) => boolean;
  readonly onCheckpoint?: (state: TrainState<E>) => void;
}

/** What every epoch tells: its number from 1, the mean loss over its images as the weights moved, and its time. */
export interface Measured {
  readonly epoch: number;
  readonly trainLoss: number;
  readonly seconds: number;
}

/** A training: what it learns, from which images, and what it calls a step, an epoch, better, and the end. */
export interface EpochLoop<E extends Measured> extends EpochHooks<E> {
  readonly network: Learner;
  readonly images: ImageStore;
  readonly sessions: readonly Session[];
  readonly options: {
    readonly epochs: number;
    readonly batchSize: number;
    readonly learningRate: number;
    readonly weightDecay: number;
  };
  /** indices of the sessions in the order of an epoch */
  orderOf(epoch: number): number[];
  /**
   * Records and submits a step on a batch, whose images come in parts and are released; gives its mean loss once the GPU is
   * done. `step` counts those of all epochs.
   */
  stepOn(adam: Adam, batch: readonly Session[], x: readonly Tensor[], step: number): Promise<number>;
  /** an epoch's entry at its end; `seconds` are set when it has been made */
  entryOf(measured: Measured): Promise<E>;
  /** the epoch whose weights are kept; null of none */
  bestOf(epochs: readonly E[]): E | null;
  /** whether training ends after these epochs */
  isDone(epochs: readonly E[]): boolean;
  /** says why a loss is no number. @param sound weights from before */
  explain?(error: LossError, sound: Weights): Promise<InputError>;
}

/** The weights of the best epoch, or those reached where none is complete. */
export interface EpochsResult<E> {
  readonly weights: Weights;
  readonly best: E | null;
  readonly epochs: readonly E[];
  readonly interrupted: boolean;
}

/**
 * Runs epochs of training. An abort ends it after the steps under way, with the best epoch so far. A training that goes on
 * from a state ends with the bits of one that was never interrupted.
 *
 * @throws TrainingFailed when a loss is no number, naming the step and its images, with the best epoch so far
 */
export async function runEpochs<E extends Measured>(loop: EpochLoop<E>): Promise<EpochsResult<E>> {
  const { network, options, signal, from } = loop;
  const adam = startAdam(network, options, from?.adam);
  const epochs = [...(from?.epochs ?? [])];
  let weights = from?.best ?? null;
  const start = await network.download();
  let begun: Begun | null = from && from.step > 0 ? from : null;
  const save = (progress: Begun) => checkpoint(loop, adam, { ...progress, epochs, best: weights });
  try {
    for (let epoch = from?.epoch ?? 1; epoch <= options.epochs && !signal?.aborted; epoch++) {
      if (loop.isDone(epochs)) break;
      const started = performance.now();
      const trainLoss = await trainEpoch(loop, adam, begun ?? { epoch, ...nothing }, save);
      begun = null;
      if (trainLoss === null) break;
      const measured = await loop.entryOf({ epoch, trainLoss, seconds: 0 });
      const entry = { ...measured, seconds: (performance.now() - started) / 1000 };
      epochs.push(entry);
      if (loop.bestOf(epochs) === entry) weights = await network.download();
      loop.onEpoch?.(entry);
      if (signal?.aborted || loop.due?.(false)) await save({ epoch: epoch + 1, ...nothing });
    }
  } catch (error) {
    if (!(error instanceof LossError)) throw error;
    const sound = weights ?? start;
    const result = { weights: sound, best: loop.bestOf(epochs), epochs, interrupted: true };
    throw new TrainingFailed((await loop.explain?.(error, sound)) ?? error, result);
  } finally {
    adam.release();
  }
  const kept = weights ?? (await network.download());
  return { weights: kept, best: loop.bestOf(epochs), epochs, interrupted: signal?.aborted ?? false };
}

/** Where an epoch stands. */
type Begun = Pick<TrainState, 'epoch' | 'step' | 'lossSum' | 'images'>;

const nothing = { step: 0, lossSum: 0, images: 0 };

async function checkpoint<E extends Measured>(
  { network, onCheckpoint }: EpochLoop<E>,
  adam: Adam,
  progress: Omit<TrainState<E>, 'weights' | 'adam'>,
): Promise<void> {
  if (!onCheckpoint) return;
  const { epoch, step, lossSum, images, epochs, best } = progress;
  const state = { epoch, step, lossSum, images, epochs: [...epochs], best };
  const [weights, moments] = [await network.download(), await adam.download()];
  // A step may have a loss and still spoil the weights; the next one will tell. The last good checkpoint stays.
  const arrays = [...[...weights.values()].map(({ data }) => data), ...moments.first, ...moments.second];
  if (!arrays.every((data) => data.every(Number.isFinite))) return;
  onCheckpoint({ ...state, weights, adam: moments });
}

/**
 * The steps of an epoch that are left. @returns the mean training loss over all of them; null after an abort, when its
 * progress has been saved
 */
async function trainEpoch<E extends Measured>(
  loop: EpochLoop<E>,
  adam: Adam,
  begun: Begun,
  save: (progress: Begun) => Promise<void>,
): Promise<number | null> {
  const { sessions, options, signal, network, images } = loop;
  const { epoch } = begun;
  const shuffled = batches(
    loop.orderOf(epoch).map((i) => sessions[i]),
    options.batchSize,
  );
  let { lossSum, images: seen, step: arrived } = begun;
  const inFlight = new InFlight<number>(stepsInFlight(options.batchSize, images.voxels), (loss) => {
    const { length } = shuffled[arrived++];
    lossSum += loss * length;
    seen += length;
    loop.onStep?.({ epoch, step: arrived, steps: shuffled.length, loss });
  });
  network.setTrainable(true);
  images.announce(shuffled.slice(arrived).flat());
  const saved = () => save({ epoch, step: arrived, lossSum, images: seen });
  for (let i = begun.step; i < shuffled.length && !signal?.aborted; i++) {
    if (i > begun.step && loop.due?.(true)) {
      await inFlight.drain();
      await saved();
    }
    const x = await images.parts(network.gpu, shuffled[i]);
    await inFlight.add(loop.stepOn(adam, shuffled[i], x, (epoch - 1) * shuffled.length + i));
    await network.gpu.submit(); // the GPU has this step before the host waits for the next images
  }
  await inFlight.drain();
  if (signal?.aborted) {
    await saved();
    return null;
  }
  return lossSum / seen;
}
