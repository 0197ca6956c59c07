import { InputError } from '../cohort/error.ts';
import { type Session, sessionName } from '../cohort/session.ts';
import { InFlight, stepsInFlight } from '../engine/in-flight.ts';
import type { Ending } from '../engine/ops/mask-choice.ts';
import type { ImageStore } from '../model/images.ts';
import { MaskStack, type Passed } from './mask-stack.ts';
import type { MaskLoss, MaskObjective, ObjectiveOptions } from './objective.ts';
import { objectiveDefaults } from './objective.ts';
import type { StoppingOptions } from './stopping.ts';
import { thresholded } from './threshold.ts';

/** Options of session masks; the defaults are docs/method.md's. */
export interface SessionOptions extends StoppingOptions {
  readonly learningRate: number;
  readonly maxSteps: number;
  /** whether a mask stops by the rule, and the one of the lowest loss is kept; else all steps are taken and the last is kept */
  readonly earlyStopping: boolean;
  /** sessions whose masks are optimised at once; it does not change them */
  readonly batchSize: number;
}

export const sessionDefaults: Omit<SessionOptions, 'batchSize'> = {
  learningRate: 0.1,
  maxSteps: 5000,
  rule: 'relative',
  patience: 200,
  tolerance: 0.01,
  earlyStopping: true,
};

/** For a session's mask both regularisers weigh a hundred times more than for a group's (paper, section 2.3.5). */
export const sessionObjectiveDefaults: ObjectiveOptions = {
  ...objectiveDefaults,
  lambda1: 100 * objectiveDefaults.lambda1,
  lambda2: 100 * objectiveDefaults.lambda2,
};

/** A session's mask and how it came about. */
export interface SessionMask {
  /** not thresholded */
  readonly mask: Float32Array;
  readonly thresholded: Float32Array;
  /** of the mask after so many steps as the place in the list says; the first is that of a mask of ones */
  readonly losses: readonly MaskLoss[];
  /** steps of the mask that is kept */
  readonly keptAfter: number;
  readonly ending: Exclude<Ending, null | 'not a number'>;
  /** the network's probability of the class for the image under the thresholded mask */
  readonly probability: number;
}

/** What session masks need, and ways to watch and stop them. */
export interface SessionRun {
  readonly objective: MaskObjective;
  readonly images: ImageStore;
  readonly sessions: readonly Session[];
  /** mu of each session; the objective's for all when not given */
  readonly muOf?: (session: Session) => Promise<Float32Array>;
  readonly options: SessionOptions;
  readonly signal?: AbortSignal;
  /** Called as soon as a mask is finished, in no particular order. */
  readonly onMask: (session: Session, mask: SessionMask) => void;
  /** Called as steps are done. @param steps done of masks that are not finished yet */
  readonly onStep?: (steps: number) => void;
}

/** A session in a place of the stack. */
interface Occupant {
  readonly session: Session;
  readonly losses: MaskLoss[];
  ending: Ending;
  keptAfter: number;
}

/**
 * One mask per session (paper, section 2.3.4), several at once: whoever is finished makes room for the next. With early
 * stopping the kept mask is that of the lowest loss, since there is no image to select it on. After an abort the masks that
 * are not finished are given up.
 *
 * @throws InputError when a loss is no number, naming the session
 */
export async function sessionMasks(run: SessionRun): Promise<void> {
  const { objective, images, sessions, options } = run;
  const count = Math.min(options.batchSize, sessions.length);
  if (count === 0) return;
  const stack = new MaskStack(objective, count, images.grid.shape, {
    learningRate: options.learningRate,
    ownMu: run.muOf !== undefined,
    choice: {
      maxSteps: options.maxSteps,
      rule: options.rule,
      patience: options.earlyStopping ? options.patience : Number.POSITIVE_INFINITY,
      tolerance: options.tolerance,
      keep: options.earlyStopping ? 'lowest' : 'last',
    },
  });
  try {
    images.announce(sessions);
    await optimise(run, stack, count);
  } finally {
    stack.release();
  }
}

async function optimise(run: SessionRun, stack: MaskStack, count: number): Promise<void> {
  const { gpu } = run.objective.network;
  const waiting = [...run.sessions];
  const enter = async (index: number): Promise<Occupant> => {
    const session = waiting.shift()!;
    stack.place(index, await run.images.load(session), run.muOf ? await run.muOf(session) : null);
    return { session, losses: [], ending: null, keptAfter: 0 };
  };
  let places: Occupant[] = [];
  for (let i = 0; i < count; i++) places.push(await enter(i));
  const inFlight = new InFlight<() => void>(stepsInFlight(count, run.images.voxels, gpu.software), (take) => {
    take();
    if (run.signal?.aborted) return; // nobody waits for it any more
    run.onStep?.(places.reduce((sum, { losses }) => sum + losses.length, 0));
  });
  while (places.length > 0 && !run.signal?.aborted) {
    // losses arrive steps later, when another session may be in the place
    const [then, passed] = [places, stack.step()];
    const take = (all: readonly Passed[]) => () => {
      for (const [i, occupant] of then.entries()) note(occupant, all[i]);
    };
    // The masks under way are given up after an abort, so nothing waits for their step: one of large images takes long.
    if (
      await isAborted(
        run.signal,
        inFlight.add(passed.then(take)).then(() => gpu.submit()),
      )
    )
      return;
    const done = places.flatMap(({ ending }, i) => (ending === null ? [] : [i]));
    if (done.length === 0) continue;
    const next = [...places];
    for (const i of done) {
      run.onMask(places[i].session, await finished(stack, i, places[i]));
      if (waiting.length > 0) next[i] = await enter(i);
    }
    const left = next.flatMap(({ ending }, i) => (ending === null ? [i] : []));
    places = left.map((i) => next[i]);
    if (left.length > 0 && left.length < next.length) await stack.keep(left);
  }
  await inFlight.drain();
}

/** Waits for work, or for an abort if that comes first. @returns whether it did @throws as the work does */
async function isAborted(signal: AbortSignal | undefined, work: Promise<unknown>): Promise<boolean> {
  if (!signal) {
    await work;
    return false;
  }
  work.catch(() => {}); // what fails after an abort concerns nobody
  let stop = () => {};
  const aborted = new Promise<void>((resolve) => {
    stop = resolve;
    if (signal.aborted) resolve();
    signal.addEventListener('abort', stop, { once: true });
  });
  await Promise.race([work, aborted]);
  signal.removeEventListener('abort', stop);
  return signal.aborted;
}

/** Takes note of a step; what is done to a mask after its end counts no more. */
function note(occupant: Occupant, { loss, judgement }: Passed): void {
  if (occupant.ending !== null) return;
  const { session, losses } = occupant;
  losses.push(loss);
  occupant.ending = judgement.ending;
  occupant.keptAfter = judgement.keptAfter;
  if (judgement.ending !== 'not a number') return;
  throw new InputError(
    `mask step ${losses.length}`,
    `the loss is ${loss.total} on ${sessionName(session)}`,
    'Lower the learning rate, or check this image',
  );
}

async function finished(
  stack: MaskStack,
  index: number,
  { losses, keptAfter, ending }: Occupant,
): Promise<SessionMask> {
  const mask = await stack.read(index);
  const kept = thresholded(mask);
  const probability = await stack.probability(index, kept);
  return {
    mask,
    thresholded: kept,
    losses,
    keptAfter,
    ending: ending as SessionMask['ending'],
    probability,
  };
}
