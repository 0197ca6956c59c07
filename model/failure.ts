import { InputError } from '../cohort/error.ts';
import { listed } from '../cohort/listed.ts';
import { type Session, sessionName } from '../cohort/session.ts';
import { releaseAll } from '../engine/ops/pieces.ts';
import { Tape } from '../engine/tape.ts';
import type { EpochsResult } from './epochs.ts';
import type { ImageStore } from './images.ts';
import { Network } from './network.ts';
import type { Weights } from './weights.ts';

/** A loss that is no number: the training has diverged, or an image holds what it should not. */
export class LossError extends InputError {
  /** the images that it is of */
  readonly batch: readonly Session[];

  /** @param where as "training step 12" */
  constructor(where: string, loss: number, batch: readonly Session[]) {
    super(
      where,
      `the loss is ${loss} on ${namesOf(batch)}`,
      'Lower the learning rate, or check these images',
    );
    this.batch = batch;
  }
}

/** A training that had to stop, with what it had reached before: as after an abort, or nothing. */
export class TrainingFailed extends InputError {
  readonly result: EpochsResult<unknown>;

  constructor({ where, what, fix }: InputError, result: EpochsResult<unknown>) {
    super(where, what, fix);
    this.result = result;
  }
}

/**
 * Finds out why a loss is no number: each image of its batch goes alone through a network of weights that were sound before.
 *
 * @returns the error that names the images at fault, or says that none is
 */
export async function explain(
  error: LossError,
  { gpu, architecture }: Network,
  images: ImageStore,
  sound: Weights,
): Promise<InputError> {
  const { where, what, batch } = error;
  const network = new Network(gpu, architecture, sound);
  const faulty: Session[] = [];
  try {
    for (const session of batch) {
      // Twice, since a batch's variance takes at least two values.
      const x = await images.parts(gpu, [session, session]);
      const logits = network.forward(new Tape(gpu), x, { draw: { seed: 0, step: 0 } });
      const values = await gpu.read(logits);
      releaseAll(x);
      logits.release();
      if (!values.every(Number.isFinite)) faulty.push(session);
    }
  } finally {
    network.release();
  }
  if (faulty.length > 0 && faulty.length < batch.length) {
    const found = `${what}; of these, ${namesOf(faulty)} alone gave no number before`;
    return new InputError(where, found, 'Check the values of that image, or leave it out');
  }
  if (faulty.length > 0) return error;
  return new InputError(
    where,
    `${what}; none of them did so with the weights of before, so the weights have grown out of bounds`,
    'Lower the learning rate',
  );
}

const shownNames = 8;

function namesOf(sessions: readonly Session[]): string {
  return listed(sessions.map(sessionName), ', ', shownNames);
}
