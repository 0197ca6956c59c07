import { type Candidate, type Found, identity, keyOf, type Named } from './candidate.ts';
import type { ClinicalTables } from './clinical.ts';

/** A session that is not in the cohort, and why. */
export interface Excluded {
  readonly participantId: string;
  readonly sessionId: string;
  readonly reason: string;
}

/** Every session without an image of the kind that was chosen, once: in the folders, in the tables, or by its participant. */
export function withoutImage(
  { candidates, bare }: Found,
  variant: readonly string[],
  images: readonly Candidate[],
  { sessions, participants }: ClinicalTables,
): Excluded[] {
  const seen = new Set(images.map(keyOf));
  const people = new Set(images.map(({ participantId }) => participantId));
  const excluded: Excluded[] = [];
  const add = (named: Named, reason: string) => {
    if (seen.has(keyOf(named))) return;
    seen.add(keyOf(named));
    people.add(named.participantId);
    excluded.push({ ...identity(named), reason });
  };
  for (const image of candidates) add(image, `no map that is ${variant.join(', ')}`);
  for (const session of sessions) add(session, 'no image');
  for (const place of bare) add(place, 'no image');
  for (const participantId of participants.keys())
    if (!people.has(participantId)) add({ participantId, sessionId: 'n/a' }, 'no image');
  return excluded;
}

/** How often each reason occurs, the most frequent first; changes of diagnosis are counted together. */
export function countReasons(excluded: readonly Excluded[]): [reason: string, count: number][] {
  const counts = new Map<string, number>();
  for (const { reason } of excluded) {
    const kind = reason.replace(/^(diagnosis changes|image .* does not exist).*/, (_, start: string) =>
      start.startsWith('image') ? 'image does not exist' : start,
    );
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1]);
}
