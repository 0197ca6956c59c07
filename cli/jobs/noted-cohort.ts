import { type Cohort, readCohort } from '../../cohort/cohort.ts';
import { note } from '../note.ts';

/** As `readCohort`, and prints what was taken for granted in the table. @throws InputError as `readCohort` */
export function readNotedCohort(...asked: Parameters<typeof readCohort>): Cohort {
  const cohort = readCohort(...asked);
  for (const text of cohort.notes ?? []) note(`${cohort.path}: ${text}`);
  return cohort;
}
