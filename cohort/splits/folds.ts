import type { Cohort } from '../cohort.ts';
import { InputError } from '../error.ts';
import { compareSessions, type Session } from '../session.ts';
import { refuseLeaks } from './leaks.ts';
import { countText, participantsByDiagnosis, type Visits } from './participants.ts';
import { drawsOf, permutation, shuffled } from './permutation.ts';

/** The two sides of one fold. */
export interface Split {
  /** All sessions of the training participants. */
  readonly train: Session[];
  /** The first session of each validation participant. */
  readonly validation: Session[];
}

/** How participants are dealt to folds. */
export const foldMethods = ['published', 'balanced'] as const;
export type FoldMethod = (typeof foldMethods)[number];

/**
 * The participants of each fold of a cross-validation, stratified by diagnosis (section 2.2.1). The order of the table's
 * rows does not matter.
 *
 * - `published`: in each diagnosis the participants, in the order of their identifiers, are shuffled by the seed and cut
 *   into contiguous parts, the first ones longer by one where they do not divide evenly. This drew the paper's published
 *   folds (with seed 2), so that those who have its data get its folds.
 * - `balanced`: within diagnosis and sex, neighbours in age are dealt to different folds, so that sex and age are spread
 *   as evenly as they can be. For small cohorts.
 *
 * @returns by fold, its participants
 * @throws InputError when the number of folds cannot be, a participant has two diagnoses, or a diagnosis has fewer
 *   participants than there are folds
 */
export function drawFolds(
  cohort: Cohort,
  folds: number,
  seed: number,
  method: FoldMethod = 'published',
): Visits[][] {
  if (!Number.isInteger(folds) || folds < 2) {
    throw new InputError(
      'folds',
      `${folds} is not a whole number of at least 2`,
      'Give 5, as the paper does',
    );
  }
  const parts: Visits[][] = Array.from({ length: folds }, () => []);
  const draw = drawsOf(seed);
  for (const [diagnosis, participants] of participantsByDiagnosis(cohort)) {
    if (participants.length < folds) {
      throw new InputError(
        cohort.path,
        `has ${countText(participants.length, diagnosis)} for ${folds} folds`,
        'Ask for fewer folds, or add participants',
      );
    }
    if (method === 'balanced') {
      dealEvenly(participants, folds, draw).forEach((fold, i) => {
        parts[fold].push(participants[i]);
      });
      continue;
    }
    permutation(participants.length, seed).forEach((index, position) => {
      parts[partAt(participants.length, folds, position)].push(participants[index]);
    });
  }
  return parts;
}

/**
 * One fold: its participants validate, with their first sessions, and the others train, with all of theirs.
 *
 * @param fold 0 to the number of parts - 1
 * @throws InputError when there is no such fold
 */
export function splitOf(parts: readonly (readonly Visits[])[], fold: number): Split {
  if (!Number.isInteger(fold) || fold < 0 || fold >= parts.length) {
    throw new InputError(
      'fold',
      `${fold} is not one of 0 to ${parts.length - 1}`,
      'Folds are counted from 0',
    );
  }
  const split = {
    train: parts.flatMap((part, i) => (i === fold ? [] : part.flat())).sort(compareSessions),
    validation: parts[fold].map(([first]) => first).sort(compareSessions),
  };
  refuseLeaks({ ...split });
  return split;
}

/** The part that holds a position when `count` places are cut into `parts`, the first (count mod parts) longer by one. */
function partAt(count: number, parts: number, position: number): number {
  const [size, longer] = [Math.floor(count / parts), count % parts];
  const inLonger = longer * (size + 1);
  return position < inLonger
    ? Math.floor(position / (size + 1))
    : longer + Math.floor((position - inLonger) / size);
}

/** A fold for each participant. Whoever lacks a sex or an age stands with those of the like, at the end of the row. */
function dealEvenly(
  participants: readonly Visits[],
  folds: number,
  draw: (most: number) => number,
): number[] {
  const age = (i: number) => participants[i][0].age ?? Number.POSITIVE_INFINITY;
  const sex = (i: number) => participants[i][0].sex ?? '';
  const row = participants
    .map((_, i) => i)
    .sort((a, b) =>
      sex(a) < sex(b) ? -1 : sex(a) > sex(b) ? 1 : age(a) < age(b) ? -1 : age(a) > age(b) ? 1 : a - b,
    );
  const fold = new Array<number>(row.length);
  const all = Array.from({ length: folds }, (_, i) => i);
  for (let start = 0; start < row.length; start += folds) {
    const dealt = shuffled(all, draw);
    row.slice(start, start + folds).forEach((i, place) => {
      fold[i] = dealt[place];
    });
  }
  return fold;
}

/** One fold of a cross-validation drawn by `drawFolds`, as `splitOf` gives it. @throws InputError as they do */
export function stratifiedFold(
  cohort: Cohort,
  folds: number,
  fold: number,
  seed: number,
  method?: FoldMethod,
): Split {
  return splitOf(drawFolds(cohort, folds, seed, method), fold);
}
