import { InputError } from '../cohort/error.ts';
import type { Session } from '../cohort/session.ts';
import { InFlight, stepsInFlight } from '../engine/in-flight.ts';
import { RandomStream, streams } from '../engine/random.ts';
import type { Tensor } from '../engine/tensor.ts';
import type { ImageStore } from '../model/images.ts';
import { batches } from '../model/predict.ts';
import { MaskTrainer } from './mask-trainer.ts';
import type { MaskLoss, MaskObjective } from './objective.ts';
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
  readonly interrupted: boolean;
}

/** What a group mask needs: the objective, the images it is fitted and selected on, and ways to watch and stop it. */
export interface GroupRun {
  readonly objective: MaskObjective;
  readonly images: ImageStore;
  readonly fit: readonly Session[];
  readonly select: readonly Session[];
  readonly options: GroupOptions;
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
  const trainer = new MaskTrainer(objective, images.grid.shape, options.learningRate);
  try {
    return await fitMask(run, trainer);
  } finally {
    trainer.release();
  }
}

async function fitMask(run: GroupRun, trainer: MaskTrainer): Promise<GroupMask> {
  const { options, signal } = run;
  const stopping = new Stopping(options);
  const epochs: MaskEpoch[] = [];
  let best: MaskEpoch | null = null;
  let mask = new Float32Array();
  let steps = 0;
  for (let epoch = 1; epoch <= options.epochs && steps < options.maxSteps && !signal?.aborted; epoch++) {
    const started = performance.now();
    const taken = await fitEpoch(run, trainer, epoch, steps);
    steps += taken.steps;
    const validation = await validate(run, trainer.mask);
    const entry = {
      epoch,
      steps,
      train: taken.loss,
      validation,
      seconds: (performance.now() - started) / 1000,
    };
    epochs.push(entry);
    if (!best || validation.total < best.validation.total) {
      best = entry;
      mask = (await trainer.read()) as Float32Array<ArrayBuffer>;
    }
    run.onEpoch?.(entry);
    if (stopping.done(validation.total)) break;
  }
  if (!best) throw new InputError('group mask', 'no step was taken', 'Allow at least one epoch and one step');
  return { mask, best, epochs, interrupted: signal?.aborted ?? false };
}

async function fitEpoch(
  { images, fit, options, objective, signal, onStep }: GroupRun,
  trainer: MaskTrainer,
  epoch: number,
  before: number,
) {
  const { gpu } = objective.network;
  const order = new RandomStream(options.seed, streams.mask, epoch).permutation(fit.length);
  const shuffled = batches(
    order.map((i) => fit[i]),
    options.batchSize,
  ).slice(0, options.maxSteps - before);
  const losses: MaskLoss[] = [];
  const inFlight = new InFlight<MaskLoss>(stepsInFlight(options.batchSize), (loss) => {
    losses.push(loss);
    onStep?.(before + losses.length, loss);
  });
  images.announce(shuffled.flat());
  for (const batch of shuffled) {
    if (signal?.aborted) break;
    const x = await images.batch(gpu, batch);
    const names = batch.map((session) => `${session.participantId} ${session.sessionId}`).join(', ');
    const loss = trainer.step(x, names);
    x.release();
    await inFlight.add(loss);
    await gpu.submit(); // the GPU has this step before the host decodes the next image
  }
  await inFlight.drain();
  return { steps: losses.length, loss: meanLoss(losses) };
}

async function validate({ objective, images, select }: GroupRun, mask: Tensor): Promise<MaskLoss> {
  const { gpu } = objective.network;
  const losses: MaskLoss[] = [];
  const inFlight = new InFlight<MaskLoss>(stepsInFlight(1), (loss) => losses.push(loss));
  images.announce(select);
  for (const session of select) {
    const x = await images.batch(gpu, [session]);
    const loss = objective.loss(mask, x);
    x.release();
    await inFlight.add(loss);
    await gpu.submit();
  }
  await inFlight.drain();
  const loss = meanLoss(losses);
  if (!Number.isFinite(loss.total))
    throw new InputError('mask validation', `the loss is ${loss.total}`, 'Lower the learning rate');
  return loss;
}

function meanLoss(losses: readonly MaskLoss[]): MaskLoss {
  const mean = (term: keyof MaskLoss) => losses.reduce((sum, loss) => sum + loss[term], 0) / losses.length;
  return { total: mean('total'), size: mean('size'), variation: mean('variation'), score: mean('score') };
}
