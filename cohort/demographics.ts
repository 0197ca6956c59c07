import type { Cohort } from './cohort.ts';
import { participantsByDiagnosis } from './splits/participants.ts';
import { mean, standardDeviation } from './statistics/tests.ts';

/** A number over participants; mean and the like are NaN where none is known. */
export interface Distribution {
  readonly mean: number;
  /** sample standard deviation (n - 1) */
  readonly deviation: number;
  readonly least: number;
  readonly most: number;
  readonly missing: number;
}

/** One row of table 1: the participants of one label, at their first sessions. */
export interface Demographics {
  readonly diagnosis: string;
  readonly participants: number;
  readonly sessions: number;
  readonly age: Distribution;
  readonly female: number;
  readonly male: number;
  readonly sexMissing: number;
  readonly mmse: Distribution;
  /** participants by global CDR, from the lowest */
  readonly cdr: ReadonlyMap<number, number>;
  readonly cdrMissing: number;
}

/**
 * Who is in a cohort (paper, table 1): per label, participants and sessions, and age, sex, MMSE and CDR at the first
 * session.
 *
 * @param classes the labels, in the order of the rows; one without a participant has none
 * @throws InputError when a participant has two diagnoses
 */
export function describeCohort(cohort: Cohort, classes: readonly string[]): Demographics[] {
  const groups = participantsByDiagnosis(cohort);
  return classes.flatMap((diagnosis) => {
    const participants = groups.get(diagnosis) ?? [];
    if (participants.length === 0) return [];
    const firsts = participants.map(([first]) => first);
    const count = (holds: (session: (typeof firsts)[number]) => boolean) => firsts.filter(holds).length;
    const grades = [...new Set(firsts.flatMap(({ cdr }) => (cdr === null ? [] : [cdr])))].sort(
      (a, b) => a - b,
    );
    return {
      diagnosis,
      participants: participants.length,
      sessions: participants.flat().length,
      age: distributionOf(firsts.map(({ age }) => age)),
      female: count(({ sex }) => sex === 'F'),
      male: count(({ sex }) => sex === 'M'),
      sexMissing: count(({ sex }) => sex === null),
      mmse: distributionOf(firsts.map(({ mmse }) => mmse)),
      cdr: new Map(grades.map((grade) => [grade, count(({ cdr }) => cdr === grade)])),
      cdrMissing: count(({ cdr }) => cdr === null),
    };
  });
}

function distributionOf(values: readonly (number | null)[]): Distribution {
  const known = values.filter((value) => value !== null);
  const none = known.length === 0;
  return {
    mean: none ? Number.NaN : mean(known),
    deviation: standardDeviation(known),
    least: none ? Number.NaN : Math.min(...known),
    most: none ? Number.NaN : Math.max(...known),
    missing: values.length - known.length,
  };
}
