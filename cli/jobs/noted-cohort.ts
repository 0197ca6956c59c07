import { type Cohort, readCohort } from '../../cohort/cohort.ts';
import { type GivenFold, readFold } from '../../cohort/splits/read-fold.ts';
import { note } from '../note.ts';

/** As `readCohort`, and prints what was taken for granted in the table. @throws InputError as `readCohort` */
export function readNotedCohort(...asked: Parameters<typeof readCohort>): Cohort {
  const cohort = readCohort(...asked);
  for (const text of cohort.notes ?? []) note(`${cohort.path}: ${text}`);
  return cohort;
}

/** As `readFold`, and prints what was taken for granted in its lists. @throws InputError as `readFold` */
export function readNotedFold(...asked: Parameters<typeof readFold>): GivenFold {
  const fold = readFold(...asked);
  for (const text of fold.notes ?? []) note(`${asked[0]}: ${text}`);
  return fold;
}
