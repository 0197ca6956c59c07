import { InputError } from '../cohort/error.ts';
import { type Session, sessionName } from '../cohort/session.ts';
import { InFlight, stepsInFlight } from '../engine/in-flight.ts';
import { RandomStream, streams } from '../engine/random.ts';
import type { Tensor } from '../engine/tensor.ts';
import { imagesAtOnce } from '../model/partition.ts';
import { batches } from '../model/predict.ts';
import type { GroupState } from './group-state.ts';
import { imageLosses, type MaskedImages, muOfBatch } from './image-losses.ts';
import type { Stopped } from './mask-state.ts';
import { MaskTrainer } from './mask-trainer.ts';
import type { MaskLoss } from './objective.ts';
import { Stopping, type StoppingOptions } from './stopping.ts';

/** Options of a group mask; the defaults are docs/method.md's for the training cohort. */
export interface GroupOptions extends StoppingOptions {
  readonly learningRate: number;
  readonly epochs: number;
  /** stops after so many steps, whatever the epoch; Infinity for no such limit */
  readonly maxSteps: number;
  readonly batchSize: number;
  readonly seed: number;
}

export const groupDefaults: GroupOptions = {
  learningRate: 0.1,
  epochs: 150,
  maxSteps: Number.POSITIVE_INFINITY,
  batchSize: 1,
  rule: 'relative',
  patience: 5,
  tolerance: 0.05,
  seed: 0,
};

/** One epoch: losses over its steps as the mask moved, and over the validation images at its end. */
export interface MaskEpoch {
  readonly epoch: number;
  readonly steps: number;
  readonly train: MaskLoss;
  readonly validation: MaskLoss;
  readonly seconds: number;
}

export interface GroupMask {
  /** the mask of lowest validation loss, not thresholded */
  readonly mask: Float32Array;
  readonly best: MaskEpoch;
  readonly epochs: readonly MaskEpoch[];
  readonly stopped: Stopped;
  readonly interrupted: boolean;
}

/** What a group mask needs: the objective, the images it is fitted and selected on, and ways to watch and stop it. */
export interface GroupRun extends MaskedImages {
  readonly fit: readonly Session[];
  readonly select: readonly Session[];
  readonly options: GroupOptions;
  /** the state to go on from; from a mask of ones when not given */
  readonly from?: GroupState;
  /** Asked between two steps: whether a state is to be given now. */
  readonly due?: () => boolean;
  /** Called with the state when it is due, and when an abort cuts an epoch. */
  readonly onState?: (state: GroupState) => void;
  readonly signal?: AbortSignal;
  readonly onStep?: (steps: number, loss: MaskLoss) => void;
  readonly onEpoch?: (epoch: MaskEpoch) => void;
}

/**
 * One mask for a group of images (paper, sections 2.3.3 and 2.3.5): starts at 1, takes one image (or batch) per step in
 * an order redrawn each epoch, and keeps the mask of the epoch with the lowest loss on the images to select on. An
 * abort ends it after the steps under way; the epoch so cut is validated too, so that a mask comes of it.
 *
 * @throws InputError without images to fit or select on, or when a loss is no number
 */
export async function groupMask(run: GroupRun): Promise<GroupMask> {
  const { objective, images, options } = run;
  for (const [name, sessions] of [
    ['fit', run.fit],
    ['select', run.select],
  ] as const) {
    if (sessions.length === 0)
      throw new InputError(
        'group mask',
        `there is no image to ${name} the mask on`,
        'Add correctly classified images of the class',
      );
  }
  const most = imagesAtOnce(images.grid.shape, objective.network.gpu.largestTensor);
  if (Math.min(options.batchSize, run.fit.length) > most)
    throw new InputError(
      `a mask step of ${options.batchSize} images`,
      `this device binds ${most} images of ${images.grid.shape.join(' x ')} voxels at once`,
      `Give --batch-size ${most} or less`,
    );
  const trainer = new MaskTrainer(objective, images.grid.shape, options.learningRate, run.from?.mover);
  try {
    return await fitMask(run, trainer);
  } finally {
    trainer.release();
  }
}

async function fitMask(run: GroupRun, trainer: MaskTrainer): Promise<GroupMask> {
  const { options, signal, from } = run;
  const stopping = new Stopping(options);
  const epochs: MaskEpoch[] = [...(from?.epochs ?? [])];
  let best: MaskEpoch | null = null;
  let over = false;
  for (const entry of epochs) {
    if (!best || entry.validation.total < best.validation.total) best = entry;
    over = stopping.done(entry.validation.total);
  }
  let mask = from?.best ?? null;
  let steps = epochs.at(-1)?.steps ?? 0;
  let begun = from?.losses ?? []; // steps of the epoch that the state cut
  const first = from?.epoch ?? 1;
  for (let epoch = first; !over && epoch <= options.epochs && steps < options.maxSteps; epoch++) {
    if (signal?.aborted && begun.length === 0) break;
    const started = performance.now();
    const state = { epoch, epochs: [...epochs], best: mask };
    const losses = await fitEpoch(run, trainer, steps, begun, state);
    begun = [];
    steps += losses.length;
    const validation = await validate(run, trainer.mask);
    const seconds = (performance.now() - started) / 1000;
    const entry = { epoch, steps, train: meanLoss(losses), validation, seconds };
    epochs.push(entry);
    if (!best || validation.total < best.validation.total) {
      best = entry;
      mask = await trainer.read();
    }
    run.onEpoch?.(entry);
    over = stopping.done(validation.total);
  }
  if (!best || !mask)
    throw new InputError('group mask', 'no step was taken', 'Allow at least one epoch and one step');
  const interrupted = signal?.aborted ?? false;
  const stopped = interrupted ? 'interrupted' : over ? 'patience' : 'limit';
  return { mask, best, epochs, stopped, interrupted };
}

/**
 * The rest of an epoch.
 *
 * @param before steps of earlier epochs
 * @param begun  losses of this epoch's steps that are done
 * @returns losses of all its steps
 */
async function fitEpoch(
  run: GroupRun,
  trainer: MaskTrainer,
  before: number,
  begun: readonly MaskLoss[],
  state: Pick<GroupState, 'epoch' | 'epochs' | 'best'>,
): Promise<MaskLoss[]> {
  const { images, fit, options, objective, signal, onStep } = run;
  const { gpu } = objective.network;
  const order = new RandomStream(options.seed, streams.mask, state.epoch).permutation(fit.length);
  const shuffled = batches(
    order.map((i) => fit[i]),
    options.batchSize,
  ).slice(begun.length, options.maxSteps - before);
  const losses: MaskLoss[] = [...begun];
  const inFlight = new InFlight<MaskLoss>(
    stepsInFlight(options.batchSize, images.voxels, gpu.software),
    (loss) => {
      losses.push(loss);
      onStep?.(before + losses.length, loss);
    },
  );
  const save = async () => {
    await inFlight.drain();
    run.onState?.({ ...state, losses: [...losses], mover: await trainer.download() });
  };
  images.announce(shuffled.flat());
  for (const batch of shuffled) {
    if (signal?.aborted) break;
    const x = await images.batch(gpu, batch);
    const names = batch.map(sessionName).join(', ');
    const mu = await muOfBatch(run, batch);
    const loss = trainer.step(x, names, mu);
    x.release();
    mu.release();
    await inFlight.add(loss);
    await gpu.submit(); // the GPU has this step before the host decodes the next image
    if (run.due?.()) await save();
  }
  await inFlight.drain();
  if (signal?.aborted) await save();
  return losses;
}

async function validate(run: GroupRun, mask: Tensor): Promise<MaskLoss> {
  const loss = meanLoss(await imageLosses(run, run.select, mask));
  if (!Number.isFinite(loss.total))
    throw new InputError('mask validation', `the loss is ${loss.total}`, 'Lower the learning rate');
  return loss;
}

function meanLoss(losses: readonly MaskLoss[]): MaskLoss {
  const mean = (term: keyof MaskLoss) => losses.reduce((sum, loss) => sum + loss[term], 0) / losses.length;
  return { total: mean('total'), size: mean('size'), variation: mean('variation'), score: mean('score') };
}
