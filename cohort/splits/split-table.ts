import type { Cohort } from '../cohort.ts';
import { InputError } from '../error.ts';
import { listed } from '../listed.ts';
import { type Session, sessionKey } from '../session.ts';
import { Diagnoses } from '../spellings.ts';
import { formatTable, isMissing, readTable, requireColumns } from '../table.ts';
import type { Split } from './folds.ts';
import { refuseLeaks } from './leaks.ts';

const fingerprintColumn = 'voxels_sha256';

/**
 * Reads which sessions of a cohort train and validate: a table with the columns participant_id, session_id and set
 * (`train` or `validation`), as `voxmask split kfold` and training write it. Rows of another set, such as `test`, only
 * count against participants on two sides. Sessions are matched as `sessionKey` names them, so `ses-M00` finds
 * `ses-M000`.
 *
 * @throws InputError when the table lacks a column, lists a session that the cohort lacks or gives another diagnosis, lists
 *   one twice, has no session on a side, or has a participant on two
 */
export function readSplit(path: string, cohort: Cohort): Split {
  const table = readTable(path);
  requireColumns(table, ['participant_id', 'session_id', 'set']);
  const known = new Map(cohort.sessions.map((session) => [keyOf(session), session]));
  const split: Split = { train: [], validation: [] };
  const listed = new Set<Session>();
  const aside: Record<string, { participantId: string }[]> = {};
  const faults: string[] = [];
  table.rows.forEach((row, i) => {
    if (row.set !== 'train' && row.set !== 'validation') {
      aside[row.set] ??= [];
      aside[row.set].push({ participantId: row.participant_id });
      return;
    }
    const session = known.get(keyOf({ participantId: row.participant_id, sessionId: row.session_id }));
    const name = `line ${i + 2}: ${row.participant_id} ${row.session_id}`;
    if (!session) faults.push(`${name} is not in ${cohort.path}`);
    else if (row.diagnosis !== undefined && !means(row.diagnosis, session.diagnosis))
      faults.push(`${name} is ${row.diagnosis}, but ${session.diagnosis} in ${cohort.path}`);
    else if (listed.has(session)) faults.push(`${name} is there twice`);
    else {
      listed.add(session);
      split[row.set].push(session);
    }
  });
  if (faults.length > 0) throw doesNotFit(path, faults);
  for (const set of ['train', 'validation'] as const) {
    if (split[set].length === 0)
      throw new InputError(path, `has no session of the set ${set}`, 'Give the split that training wrote');
  }
  refuseLeaks({ ...aside, ...split });
  return split;
}

/**
 * A split's table: participant_id, session_id, diagnosis and set, a row per session; and voxels_sha256, by which copies of these
 * images are found in other cohorts, where that is known of any.
 *
 * @param sets sessions by the name of their set; no participant is in two
 * @param fingerprint of a session's image (`fingerprintOf`); null where it is not known
 * @throws InputError when one is
 */
export function formatSplit(
  sets: Readonly<Record<string, readonly Session[]>>,
  fingerprint: (session: Session) => string | null = () => null,
): string {
  refuseLeaks(sets);
  const rows = Object.entries(sets).flatMap(([set, sessions]) =>
    sessions.map((session) => ({
      participant_id: session.participantId,
      session_id: session.sessionId,
      diagnosis: session.diagnosis,
      set,
      [fingerprintColumn]: fingerprint(session),
    })),
  );
  const columns = ['participant_id', 'session_id', 'diagnosis', 'set'];
  const known = rows.some((row) => row[fingerprintColumn] !== null);
  return formatTable(known ? [...columns, fingerprintColumn] : columns, rows);
}

/** An image that a network knows: of whom it is, the set that it was in, and its fingerprint. */
export interface KnownImage {
  readonly participantId: string;
  readonly sessionId: string;
  readonly set: string;
  readonly fingerprint: string;
}

/** The images whose fingerprints a split's table records; none where it is older than these. */
export function knownImages(path: string): KnownImage[] {
  return readTable(path).rows.flatMap((row) => {
    const fingerprint = row[fingerprintColumn];
    if (isMissing(fingerprint)) return [];
    const { participant_id: participantId, session_id: sessionId, set } = row;
    return [{ participantId, sessionId, set, fingerprint: fingerprint! }];
  });
}

/** Gives the fingerprints that a split's table records of its sessions, to be recorded again; null of others. */
export function fingerprintsIn(path: string): (session: Session) => string | null {
  const known = new Map(knownImages(path).map((image) => [keyOf(image), image.fingerprint]));
  return (session) => known.get(keyOf(session)) ?? null;
}

/** The identifiers of the participants in one set of a split's table. @throws InputError when it lacks a column */
export function participantsOf(path: string, set: string): Set<string> {
  const table = readTable(path);
  requireColumns(table, ['participant_id', 'set']);
  return new Set(table.rows.filter((row) => row.set === set).map((row) => row.participant_id));
}

function means(cell: string, diagnosis: string): boolean {
  return new Diagnoses([diagnosis]).read(cell) === diagnosis;
}

function keyOf({ participantId, sessionId }: Pick<Session, 'participantId' | 'sessionId'>): string {
  return JSON.stringify([participantId, sessionKey(sessionId)]);
}

function doesNotFit(path: string, faults: readonly string[]): InputError {
  return new InputError(
    path,
    `does not fit the cohort:${listed(faults, '\n  ')}\n`,
    'Give the cohort that the network was trained with, or its own split',
  );
}
