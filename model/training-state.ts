import type { ChanceTest } from './chance.ts';
import { EarlyStopping } from './early-stopping.ts';

/** Whether a training may be relied on: how it ended, and whether its network is above chance (docs/method.md). */
export interface TrainingState {
  readonly stopped: 'patience' | 'limit' | 'interrupted';
  /** it took all its epochs, and the last one has the lowest validation loss of all */
  readonly stillFalling: boolean;
  /** of the kept epoch on the validation set; null where that has participants of one class only */
  readonly chance: ChanceTest | null;
}

/** What a training was found to be, in the words that go beside its numbers. */
export type TrainingMark = 'not above chance' | 'loss still falling' | 'interrupted';

/**
 * Judges a training that ended.
 *
 * @param losses on the validation set, one per epoch
 */
export function judgeTraining(
  losses: readonly number[],
  { epochs, patience, interrupted }: { epochs: number; patience: number; interrupted: boolean },
  chance: ChanceTest | null,
): TrainingState {
  const stopping = new EarlyStopping(patience);
  const ended = losses.map((loss) => stopping.done(loss)).some(Boolean);
  const stopped = interrupted ? 'interrupted' : ended ? 'patience' : 'limit';
  return { stopped, stillFalling: stopped === 'limit' && isFalling(losses, epochs), chance };
}

/** Whether a training took all its epochs, two or more, and the last has the lowest validation loss. */
export function isFalling(losses: readonly number[], epochs: number): boolean {
  const [last, ...before] = [...losses].reverse();
  return losses.length >= epochs && before.length > 0 && before.every((loss) => loss > last);
}

/** What is to be said beside a network's numbers; nothing of a training that is sound. */
export function trainingMarks({ stopped, stillFalling, chance }: TrainingState): TrainingMark[] {
  return [
    ...(chance && !chance.aboveChance ? (['not above chance'] as const) : []),
    ...(stillFalling ? (['loss still falling'] as const) : []),
    ...(stopped === 'interrupted' ? (['interrupted'] as const) : []),
  ];
}

/** A state in words, for a table; null where nothing is known. */
export function trainingText(state: TrainingState | null): string | null {
  if (state === null) return null;
  return trainingMarks(state).join(', ') || (state.chance ? 'above chance' : null);
}

/** A state as a results file records it; null for anything else. */
export function readTrainingState(record: unknown): TrainingState | null {
  const { stopped, stillFalling, chance } = (record ?? {}) as Partial<Record<keyof TrainingState, unknown>>;
  const known =
    ['patience', 'limit', 'interrupted'].includes(stopped as string) &&
    typeof stillFalling === 'boolean' &&
    (chance === null || isChance(chance));
  return known ? ({ stopped, stillFalling, chance } as TrainingState) : null;
}

function isChance(value: unknown): value is ChanceTest {
  const { p, aboveChance } = (value ?? {}) as Partial<Record<keyof ChanceTest, unknown>>;
  return typeof p === 'number' && typeof aboveChance === 'boolean';
}
