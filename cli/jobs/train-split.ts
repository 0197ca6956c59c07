import { InputError } from '../../cohort/error.ts';
import { type Split, stratifiedFold } from '../../cohort/splits/folds.ts';
import { readNotedCohort, readNotedFold } from './noted-cohort.ts';
import type { SplitSource } from './train.ts';

/** Without a class, a side tells nothing: half of the balanced accuracy would be no number. @throws InputError */
function refuseLackingClass(split: Split, classes: readonly string[]): void {
  for (const side of ['train', 'validation'] as const) {
    const lacking = classes.filter((name) => !split[side].some(({ diagnosis }) => diagnosis === name));
    if (lacking.length === 0) continue;
    throw new InputError(
      'split',
      `its ${side} set has no session of ${lacking.join(', ')}`,
      'Give a split that has every class on both sides',
    );
  }
}

/**
 * The split of a cohort that was asked for: a given one, or one drawn anew.
 *
 * @throws InputError for a cohort or a fold that cannot be, or when a side has no session of a class
 */
export function splitFor(
  { cohort: table, split: given, folds, fold, splitSeed }: SplitSource,
  classes: readonly string[],
): { split: Split; absent: number } {
  const cohort = readNotedCohort(table, classes, { copiesCompared: true });
  const found =
    given === null
      ? { split: stratifiedFold(cohort, folds, fold, splitSeed), absent: 0 }
      : readNotedFold(given, fold, classes, cohort);
  refuseLackingClass(found.split, classes);
  return found;
}
