import { InputError } from '../../cohort/error.ts';
import { type Split, stratifiedFold } from '../../cohort/splits/folds.ts';
import { readNotedCohort, readNotedFold } from './noted-cohort.ts';
import type { SplitSource } from './train.ts';
import { type Fingerprint, refuseCopies } from './twins.ts';

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
 * The split of a cohort that was asked for: a given one, or one drawn anew. A copy of another participant's scan is refused
 * first, since it counts as a participant; a given split may leave it out.
 *
 * @returns also the fingerprints of the images
 * @throws InputError for a cohort or a fold that cannot be, for copies, or when a side has no session of a class
 */
export async function splitFor(
  { cohort: table, split: given, folds, fold, splitSeed }: SplitSource,
  classes: readonly string[],
): Promise<{ split: Split; absent: number; fingerprint: Fingerprint }> {
  const cohort = readNotedCohort(table, classes, { copiesCompared: true });
  if (given === null) {
    const fingerprint = await refuseCopies(table, cohort.sessions);
    const split = stratifiedFold(cohort, folds, fold, splitSeed);
    refuseLackingClass(split, classes);
    return { split, absent: 0, fingerprint };
  }
  const { split, absent } = readNotedFold(given, fold, classes, cohort);
  const fingerprint = await refuseCopies(table, [...split.train, ...split.validation]);
  refuseLackingClass(split, classes);
  return { split, absent, fingerprint };
}
