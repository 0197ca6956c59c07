import { listed } from '../listed.ts';
import { compareText } from '../session.ts';
import type { Named } from './candidate.ts';
import type { ClinicalSession } from './clinical.ts';

/**
 * Sentences about the sessions of a cohort: whose diagnosis was filled in, and whose age or sex is not known.
 *
 * @param filled sessions that have the diagnosis of those before and after them
 */
export function notesOf(sessions: readonly ClinicalSession[], filled: readonly Named[]): string[] {
  const unknown = (what: string, which: readonly Named[]) =>
    which.length === 0
      ? []
      : [`${what} is not known for ${which.length} of ${sessions.length} sessions (${namesOf(which)}).`];
  return [
    ...(filled.length === 0
      ? []
      : [
          `The diagnosis is missing in ${filled.length} ${filled.length === 1 ? 'row' : 'rows'} (${namesOf(filled)}): taken from the sessions before and after, which agree.`,
        ]),
    ...unknown(
      'Age',
      sessions.filter(({ age }) => age === null),
    ),
    ...unknown(
      'Sex',
      sessions.filter(({ sex }) => sex === null),
    ),
  ];
}

function namesOf(sessions: readonly Named[]): string {
  const names = sessions.map(({ participantId, sessionId }) => `${participantId} ${sessionId}`);
  return listed(names.sort(compareText), ', ', 3);
}
