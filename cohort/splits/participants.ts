import type { Cohort } from '../cohort.ts';
import { InputError } from '../error.ts';
import { listed } from '../listed.ts';
import { byParticipant, type Session } from '../session.ts';

/** A participant's sessions, the first one first. */
export type Visits = readonly Session[];

/**
 * Per diagnosis, in alphabetical order, its participants in the order of their identifiers.
 *
 * @throws InputError when a participant has two diagnoses
 */
export function participantsByDiagnosis(cohort: Cohort): Map<string, Visits[]> {
  const groups = new Map<string, Visits[]>();
  for (const [id, visits] of byParticipant(cohort.sessions)) {
    const diagnoses = [...new Set(visits.map((session) => session.diagnosis))];
    if (diagnoses.length > 1) {
      throw new InputError(
        cohort.path,
        `participant ${id} has several diagnoses (${listed(diagnoses)})`,
        'Keep participants whose diagnosis is stable ("voxmask cohort build" does)',
      );
    }
    const group = groups.get(diagnoses[0]);
    if (group) group.push(visits);
    else groups.set(diagnoses[0], [visits]);
  }
  return new Map([...groups].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** For messages: "1 AD participant", "3 CN participants". */
export function countText(count: number, diagnosis: string): string {
  return `${count} ${diagnosis} ${count === 1 ? 'participant' : 'participants'}`;
}
