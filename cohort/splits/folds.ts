import { mersenne } from 'pure-rand/generator/mersenne';
import type { Cohort } from './cohort.ts';
import { InputError } from './error.ts';
import { byParticipant, compareSessions, type Session } from './session.ts';

/** The two sides of one fold. */
export interface Split {
  /** All sessions of the training participants. */
  readonly train: Session[];
  /** The first session of each validation participant. */
  readonly validation: Session[];
}

/**
 * One fold of a cross-validation, stratified by diagnosis and drawn by participant (section 2.2.1). In each diagnosis the
 * participants, in the order of their identifiers, are shuffled by the seed and cut into contiguous parts, the first ones
 * longer by one where they do not divide evenly; part `fold` is for validation. The shuffle is the one that drew the
 * paper's published folds (with seed 2), so that those who have its data get its folds. The order of the table's rows does
 * not matter.
 *
 * @param fold 0 to folds - 1
 * @throws InputError when folds or fold cannot be, a participant has two diagnoses, or a diagnosis has fewer participants
 *   than there are folds
 */
export function stratifiedFold(cohort: Cohort, folds: number, fold: number, seed: number): Split {
  if (!Number.isInteger(folds) || folds < 2) {
    throw new InputError(
      'folds',
      `${folds} is not a whole number of at least 2`,
      'Give 5, as the paper does',
    );
  }
  if (!Number.isInteger(fold) || fold < 0 || fold >= folds) {
    throw new InputError('fold', `${fold} is not one of 0 to ${folds - 1}`, 'Folds are counted from 0');
  }
  const train: Session[] = [];
  const validation: Session[] = [];
  for (const [diagnosis, participants] of participantsByDiagnosis(cohort)) {
    if (participants.length < folds) {
      throw new InputError(
        cohort.path,
        `has ${participants.length} ${diagnosis} ${participants.length === 1 ? 'participant' : 'participants'} for ${folds} folds`,
        'Ask for fewer folds, or add participants',
      );
    }
    const order = permutation(participants.length, seed);
    const [start, end] = part(participants.length, folds, fold);
    order.forEach((index, position) => {
      const sessions = participants[index];
      if (position >= start && position < end) validation.push(sessions[0]);
      else train.push(...sessions);
    });
  }
  const split = { train: train.sort(compareSessions), validation: validation.sort(compareSessions) };
  refuseLeak(split.train, split.validation);
  return split;
}

/**
 * Requires that no participant is on both sides; to be called wherever two sets are used together.
 *
 * @throws InputError naming the first participants that are
 */
export function refuseLeak(one: readonly Session[], other: readonly Session[]): void {
  const ids = new Set(one.map((session) => session.participantId));
  const shared = [...new Set(other.map((session) => session.participantId))].filter((id) => ids.has(id));
  if (shared.length === 0) return;
  throw new InputError(
    'split',
    `${shared.length} ${shared.length === 1 ? 'participant is' : 'participants are'} on both sides: ` +
      `${shared.slice(0, 5).join(', ')}${shared.length > 5 ? ', ...' : ''}`,
    'Put all sessions of a participant on one side',
  );
}

/** Per diagnosis, in alphabetical order, the sessions of each of its participants. */
function participantsByDiagnosis(cohort: Cohort): [string, Session[][]][] {
  const groups = new Map<string, Session[][]>();
  for (const [id, sessions] of byParticipant(cohort.sessions)) {
    const diagnoses = [...new Set(sessions.map((session) => session.diagnosis))];
    if (diagnoses.length > 1) {
      throw new InputError(
        cohort.path,
        `participant ${id} has several diagnoses (${diagnoses.join(', ')})`,
        'Keep participants whose diagnosis is stable',
      );
    }
    groups.set(diagnoses[0], [...(groups.get(diagnoses[0]) ?? []), sessions]);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Start and end of a part when `count` places are cut into `parts`, the first (count mod parts) longer by one. */
function part(count: number, parts: number, index: number): [start: number, end: number] {
  const start = (i: number) => i * Math.floor(count / parts) + Math.min(i, count % parts);
  return [start(index), start(index + 1)];
}

/**
 * A shuffle of 0 ... count - 1: MT19937 seeded by a 32-bit word, Fisher-Yates from the end, each draw a 32-bit word masked
 * to the fewest bits that hold the bound and drawn again while above it (numpy's legacy
 * RandomState.permutation).
 */
export function permutation(count: number, seed: number): number[] {
  const generator = mersenne(seed);
  const order = Array.from({ length: count }, (_, i) => i);
  for (let last = count - 1; last > 0; last--) {
    const mask = 0xffffffff >>> Math.clz32(last);
    let chosen: number;
    do chosen = (generator.next() & mask) >>> 0;
    while (chosen > last);
    [order[last], order[chosen]] = [order[chosen], order[last]];
  }
  return order;
}
