import { existsSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../../../cohort/error.ts';
import { compareSessionIds, sessionKey } from '../../../cohort/session.ts';
import { isMissing, readTable } from '../../../cohort/table.ts';
import { textOf } from './numbers.ts';
import type { Result } from './results.ts';

const tables = [
  ...['cohort.tsv', 'check.tsv', 'accepted.tsv', 'excluded.tsv', 'split.tsv', 'folds.tsv', 'test.tsv'],
  ...['train-validation.tsv', 'predictions.tsv', 'masks.tsv', 'sessions.tsv', 'outliers.tsv'],
];

/** Who took part, and when each of them came. */
export class Roster {
  readonly #visits = new Map<string, string[]>();

  add(participantId: string, sessionId: string | null): void {
    const visits = this.#visits.get(participantId) ?? [];
    this.#visits.set(participantId, visits);
    if (sessionId !== null && !visits.some((other) => sessionKey(other) === sessionKey(sessionId)))
      visits.push(sessionId);
  }

  /** A participant's sessions counted from 1, in the order of their names: months, dates or numbers. */
  visit(participantId: string, sessionId: string): number {
    this.add(participantId, sessionId);
    const visits = [...this.#visits.get(participantId)!].sort(compareSessionIds);
    return 1 + visits.findIndex((other) => sessionKey(other) === sessionKey(sessionId));
  }

  /** Whether a text holds a participant's identifier or a session's, in whole. */
  occursIn(text: string): boolean {
    const folded = text.toLowerCase();
    const holds = (id: string, prefix: string) =>
      folded.includes((id.startsWith(prefix) ? id.slice(prefix.length) : id).toLowerCase() || id);
    return [...this.#visits].some(
      ([id, visits]) => holds(id, 'sub-') || visits.some((visit) => holds(visit, 'ses-')),
    );
  }
}

/** Everyone in the tables and sidecars of results; a table that cannot be read is passed over here, and named where it is shown. */
export function readRoster(root: string, results: readonly Result[]): Roster {
  const roster = new Roster();
  const folders = [...new Set([root, ...results.map(({ folder }) => folder)])];
  for (const file of folders.flatMap((folder) => tables.map((name) => path.join(folder, name)))) {
    for (const { participant_id: id, session_id: session } of existsSync(file) ? rowsOf(file) : [])
      if (!isMissing(id)) roster.add(id, isMissing(session) ? null : session);
  }
  for (const { results: own } of results) {
    const id = textOf(own.participantId);
    if (id !== null) roster.add(id, textOf(own.sessionId));
  }
  return roster;
}

function rowsOf(file: string): Record<string, string>[] {
  try {
    return readTable(file).rows;
  } catch (error) {
    if (error instanceof InputError) return [];
    throw error;
  }
}
