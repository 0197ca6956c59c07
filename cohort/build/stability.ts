import { compareSessionIds } from '../session.ts';

/** What is done with a participant whose diagnosis changes: left out, or kept up to the change. */
export const unstableRules = ['drop', 'truncate'] as const;
export type UnstableRule = (typeof unstableRules)[number];

/** A session with its diagnosis, as the tables tell it. */
export interface Diagnosed {
  readonly participantId: string;
  readonly sessionId: string;
  readonly diagnosis: string | null;
}

/** What became of a session: a label, perhaps filled in from its neighbours, or the reason why it has none. */
export type Labelled = { readonly label: string; readonly filled?: boolean } | { readonly reason: string };

/**
 * Labels the sessions of participants whose diagnosis is stable (docs/method.md, Images): the diagnosis of the
 * first session, if every later one that is known equals it. One that is not known is filled in only if those before and
 * after it agree; else, and at either end of the follow-up, the session is left out.
 *
 * @param sessions all that the tables list, with or without an image, in any order
 * @returns by session, in the order given
 */
export function labelStable<T extends Diagnosed>(
  sessions: readonly T[],
  rule: UnstableRule,
): Map<T, Labelled> {
  const groups = new Map<string, T[]>();
  for (const session of sessions) {
    const group = groups.get(session.participantId);
    if (group) group.push(session);
    else groups.set(session.participantId, [session]);
  }
  const labels = new Map<T, Labelled>();
  for (const visits of groups.values()) {
    visits.sort((a, b) => compareSessionIds(a.sessionId, b.sessionId));
    const filled = visits.map((_, i) => filledDiagnosis(visits, i));
    const known = visits.filter((_, i) => filled[i] !== null);
    const diagnoses = filled.filter((diagnosis) => diagnosis !== null);
    const change = diagnoses.findIndex((diagnosis) => diagnosis !== diagnoses[0]);
    const changed =
      change < 0
        ? ''
        : `diagnosis changes: ${diagnoses[0]} at ${known[0].sessionId}, ${diagnoses[change]} at ${known[change].sessionId}`;
    visits.forEach((visit, i) => {
      const diagnosis = filled[i];
      if (diagnosis === null) labels.set(visit, { reason: 'diagnosis not known' });
      else if (change >= 0 && (rule === 'drop' || known.indexOf(visit) >= change))
        labels.set(visit, { reason: changed });
      else labels.set(visit, { label: diagnosis, filled: visit.diagnosis === null });
    });
  }
  return labels;
}

/** A session's own diagnosis, or that of its neighbours where both have the same; the nearest known ones count. */
function filledDiagnosis(visits: readonly Diagnosed[], at: number): string | null {
  const own = visits[at].diagnosis;
  if (own !== null) return own;
  const before = visits.slice(0, at).findLast(({ diagnosis }) => diagnosis !== null);
  const after = visits.slice(at + 1).find(({ diagnosis }) => diagnosis !== null);
  return before && after && before.diagnosis === after.diagnosis ? before.diagnosis : null;
}
