import { statSync } from 'node:fs';
import path from 'node:path';
import {
  type ClinicalSession,
  clinicalColumns,
  doubtfulColumns,
  type GivenRow,
  hasColumn,
  type Noticed,
  notesOf,
  sessionOf,
} from '../clinical-row.ts';
import { InputError } from '../error.ts';
import { listed } from '../listed.ts';
import { sessionKey } from '../session.ts';
import type { Diagnoses } from '../spellings.ts';
import { readTable, requireColumns, type Table } from '../table.ts';
import { filesIn, foldersIn } from './folders.ts';

export type { ClinicalSession } from '../clinical-row.ts';

/** The tables of a dataset: every session that they list, with or without an image. */
export interface ClinicalTables {
  readonly sessions: readonly ClinicalSession[];
  /** What is known of participants whose sessions no table lists. */
  readonly participants: ReadonlyMap<string, Omit<ClinicalSession, 'sessionId'>>;
  /** what was taken for granted, a sentence each */
  readonly notes: readonly string[];
}

type Reader = (table: Table, rows: readonly GivenRow[]) => ClinicalSession[];
type Rows = Omit<ClinicalTables, 'notes'>;

/**
 * Reads what is known of participants and sessions: one merged table (as Clinica's `merge-tsv` writes), or a BIDS folder
 * with `participants.tsv` and a `sub-X_sessions.tsv` in each participant's folder. A session's own values go before its
 * participant's; an age at baseline is advanced by the session's months or days. Scores below 0 mean "not known", as in
 * ADNI.
 *
 * @param place file or folder
 * @throws InputError listing all values that cannot be, and all rows that are there twice; or when no table has a column
 *   of diagnoses
 */
export function readClinical(place: string, diagnoses: Diagnoses): ClinicalTables {
  const noticed: Noticed = { faults: [], otherSex: [], untimed: [] };
  const seen = new Map<string, string>();
  const columns = new Set<string>();
  let diagnosed = false;
  const read: Reader = (table, rows) => {
    noticed.faults.push(...doubtfulColumns(table));
    diagnosed ||= hasColumn(table, 'diagnosis');
    for (const name of table.columns) columns.add(name);
    return rows.map((given) => {
      const where = `${table.path}, line ${given.line}`;
      const known = noticed.faults.length;
      const session = sessionOf(given, diagnoses, noticed);
      const own = noticed.faults.splice(known).map((what) => `${where}: ${what}`);
      noticed.faults.push(...own);
      const { sessionId } = given;
      const key = JSON.stringify([session.participantId, sessionId === null ? null : sessionKey(sessionId)]);
      const earlier = seen.get(key);
      if (earlier === undefined) seen.set(key, where);
      else noticed.faults.push(`${where}: ${repetition(session, sessionId, earlier)}`);
      return session;
    });
  };
  const tables = isFolder(place) ? readFolder(place, read) : readMerged(place, read);
  const { faults } = noticed;
  if (faults.length > 0) {
    throw new InputError(
      place,
      `has ${faults.length === 1 ? '1 fault' : `${faults.length} faults`}`,
      `Correct these:${listed(faults, '\n  ', 20)}`,
    );
  }
  if (!diagnosed) {
    throw new InputError(
      place,
      `has no column of diagnoses: none is named ${clinicalColumns.diagnosis.join(', ')}`,
      `Rename the column that holds them; the columns are: ${listed([...columns], ', ', 30)}`,
    );
  }
  return { ...tables, notes: notesOf(noticed) };
}

function readMerged(file: string, read: Reader): Rows {
  const table = readTable(file);
  requireColumns(table, ['participant_id']);
  const hasSessions = table.columns.includes('session_id');
  const given = table.rows.map(
    (row, i): GivenRow => ({
      row,
      line: i + 2,
      sessionId: hasSessions ? row.session_id : null,
      inherited: undefined,
    }),
  );
  const told = read(table, given);
  if (hasSessions) return { sessions: told, participants: new Map() };
  return { sessions: [], participants: new Map(told.map((one) => [one.participantId, one])) };
}

function readFolder(folder: string, read: Reader): Rows {
  const table = readTable(path.join(folder, 'participants.tsv'));
  requireColumns(table, ['participant_id']);
  const rows = new Map(table.rows.map((row) => [row.participant_id, row]));
  const told = read(
    table,
    table.rows.map((row, i) => ({ row, line: i + 2, sessionId: null, inherited: undefined })),
  );
  const sessions = foldersIn(folder, 'sub-').flatMap((place) =>
    filesIn(place, /_sessions\.tsv$/).flatMap((file) => {
      const visits = readTable(file);
      requireColumns(visits, ['session_id']);
      const participantId = path.basename(place);
      const given = visits.rows.map(
        (row, i): GivenRow => ({
          row: { ...row, participant_id: participantId },
          line: i + 2,
          sessionId: row.session_id,
          inherited: rows.get(participantId),
        }),
      );
      return read(visits, given);
    }),
  );
  return { sessions, participants: new Map(told.map((one) => [one.participantId, one])) };
}

/** Without a column session_id, rows of the same participant are more likely visits than slips. */
function repetition({ participantId }: ClinicalSession, sessionId: string | null, earlier: string): string {
  return sessionId === null
    ? `repeats ${participantId} of ${earlier} (one row per participant; rows per visit need the column session_id)`
    : `repeats ${participantId} ${sessionId} of ${earlier} (ses-M00, ses-M000 and bl are one session)`;
}

function isFolder(place: string): boolean {
  const found = statSync(place, { throwIfNoEntry: false });
  if (found) return found.isDirectory();
  throw new InputError(place, 'does not exist', 'Give a table, or a BIDS folder with participants.tsv');
}
