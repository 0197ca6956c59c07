import { InputError } from '../cohort/error.ts';
import type { Session } from '../cohort/session.ts';
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
 * abort ends it after the step under way; the epoch so cut is validated too, so that a mask comes of it.
 *
 * @throws InputError without images to fit or select on, or when a loss is no number
 */
export async function groupMask(run: GroupRun): Promise<GroupMask> {
  const { objective, images, options, signal } = run;
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
  trainer.release();
  if (!best) throw new InputError('group mask', 'no step was taken', 'Allow at least one epoch and one step');
  return { mask, best, epochs, interrupted: signal?.aborted ?? false };
}

async function fitEpoch(
  { images, fit, options, objective, signal, onStep }: GroupRun,
  trainer: MaskTrainer,
  epoch: number,
  before: number,
) {
  const order = new RandomStream(options.seed, streams.mask, epoch).permutation(fit.length);
  const losses: MaskLoss[] = [];
  for (const batch of batches(
    order.map((i) => fit[i]),
    options.batchSize,
  )) {
    if (signal?.aborted || before + losses.length >= options.maxSteps) break;
    const x = images.batch(objective.network.gpu, batch);
    const loss = await trainer.step(
      x,
      batch.map((session) => `${session.participantId} ${session.sessionId}`).join(', '),
    );
    x.release();
    losses.push(loss);
    onStep?.(before + losses.length, loss);
  }
  return { steps: losses.length, loss: meanLoss(losses) };
}

async function validate({ objective, images, select }: GroupRun, mask: Tensor): Promise<MaskLoss> {
  const losses: MaskLoss[] = [];
  for (const session of select) {
    const x = images.batch(objective.network.gpu, [session]);
    losses.push(await objective.loss(mask, x));
    x.release();
  }
  const loss = meanLoss(losses);
  if (!Number.isFinite(loss.total))
    throw new InputError('mask validation', `the loss is ${loss.total}`, 'Lower the learning rate');
  return loss;
}

function meanLoss(losses: readonly MaskLoss[]): MaskLoss {
  const mean = (term: keyof MaskLoss) => losses.reduce((sum, loss) => sum + loss[term], 0) / losses.length;
  return { total: mean('total'), size: mean('size'), variation: mean('variation'), score: mean('score') };
}
