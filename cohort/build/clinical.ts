import { statSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../error.ts';
import { listed } from '../listed.ts';
import { monthsOf, sessionKey } from '../session.ts';
import { isMissing, readTable, requireColumns, type Table } from '../table.ts';
import { filesIn, foldersIn } from './folders.ts';
import { diagnosisOf, numberOf, sexOf } from './spellings.ts';

/** What tables tell of one session. */
export interface ClinicalSession {
  readonly participantId: string;
  readonly sessionId: string;
  readonly diagnosis: string | null;
  readonly age: number | null;
  readonly sex: 'F' | 'M' | null;
  readonly mmse: number | null;
  readonly cdr: number | null;
}

/** The tables of a dataset: every session that they list, with or without an image. */
export interface ClinicalTables {
  readonly sessions: readonly ClinicalSession[];
  /** What is known of participants whose sessions no table lists. */
  readonly participants: ReadonlyMap<string, Omit<ClinicalSession, 'sessionId'>>;
}

/** Names of columns, in order of preference, letter case aside: BIDS, Clinica, ADNI. */
const columns = {
  diagnosis: ['diagnosis', 'dx', 'diagnosis_sc', 'dx_bl', 'group'],
  age: ['age', 'age_at_session', 'age_at_scan'],
  baselineAge: ['age_bl', 'age_at_baseline'],
  sex: ['sex', 'gender', 'ptgender'],
  mmse: ['mmse', 'mms', 'mmse_score'],
  cdr: ['cdr', 'cdr_global', 'cdglobal', 'cdr_gl'],
} as const;

type Field = keyof typeof columns;
type Row = Readonly<Record<string, string>>;

const oldest = 120; // years
const cdrGrades = [0, 0.5, 1, 2, 3];

/**
 * Reads what is known of participants and sessions: one merged table (as Clinica's `merge-tsv` writes), or a BIDS folder
 * with `participants.tsv` and a `sub-X_sessions.tsv` in each participant's folder. A session's own values go before its
 * participant's; an age at baseline is advanced by the months of the session. Scores below 0 mean "not known", as in ADNI.
 *
 * @param place file or folder
 * @param mapping of diagnoses, the user's own
 * @throws InputError listing all values that cannot be, and all rows that are there twice
 */
export function readClinical(place: string, mapping: ReadonlyMap<string, string>): ClinicalTables {
  const faults: string[] = [];
  const seen = new Map<string, string>();
  const read = (table: Table, rows: readonly Given[]): ClinicalSession[] => {
    faults.push(...doubtfulColumns(table));
    return rows.map(({ row, line, sessionId, inherited }) => {
      const where = `${table.path}, line ${line}`;
      const session = sessionOf(row, where, sessionId, inherited, mapping, faults);
      const key = JSON.stringify([session.participantId, sessionId === null ? null : sessionKey(sessionId)]);
      const earlier = seen.get(key);
      if (earlier === undefined) seen.set(key, where);
      else faults.push(`${where}: ${repetition(session, sessionId, earlier)}`);
      return session;
    });
  };
  const tables = isFolder(place) ? readFolder(place, read) : readMerged(place, read);
  if (faults.length === 0) return tables;
  throw new InputError(
    place,
    `has ${faults.length === 1 ? '1 fault' : `${faults.length} faults`}`,
    `Correct these:${listed(faults, '\n  ', 20)}`,
  );
}

interface Given {
  readonly row: Row;
  readonly line: number;
  /** null for a participant's row */
  readonly sessionId: string | null;
  readonly inherited: Row | undefined;
}

type Reader = (table: Table, rows: readonly Given[]) => ClinicalSession[];

function readMerged(file: string, read: Reader): ClinicalTables {
  const table = readTable(file);
  requireColumns(table, ['participant_id']);
  const hasSessions = table.columns.includes('session_id');
  const given = table.rows.map(
    (row, i): Given => ({
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

function readFolder(folder: string, read: Reader): ClinicalTables {
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
        (row, i): Given => ({
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

function sessionOf(
  row: Row,
  where: string,
  sessionId: string | null,
  inherited: Row | undefined,
  mapping: ReadonlyMap<string, string>,
  faults: string[],
): ClinicalSession {
  const cell = (field: Field) => given(row, field) ?? given(inherited, field);
  const complain = (field: string, value: string | undefined, wanted: string) => {
    faults.push(`${where}: ${field} "${value}" is not ${wanted}`);
    return null;
  };
  const participantId = row.participant_id;
  if (isMissing(participantId)) faults.push(`${where}: has no participant_id`);
  if (sessionId !== null && isMissing(sessionId)) faults.push(`${where}: has no session_id`);
  for (const id of [participantId, sessionId ?? '']) {
    if (/\s/.test(id)) faults.push(`${where}: the identifier "${id}" has a space in it`);
  }
  const [age, mmse, cdr] = (['age', 'mmse', 'cdr'] as const).map((field) => numberOf(cell(field)));
  const baseline = numberOf(cell('baselineAge'));
  const sex = sexOf(cell('sex'));
  const isAge = (value: number) => value >= 0 && value <= oldest;
  const years =
    age ?? (baseline === null ? null : baseline + (sessionId === null ? 0 : (monthsOf(sessionId) ?? 0)) / 12);
  const score = (value: number | null) => (value !== null && value < 0 ? null : value);
  return {
    participantId,
    sessionId: sessionId ?? '',
    diagnosis: diagnosisOf(cell('diagnosis'), mapping),
    age:
      years === null || isAge(years)
        ? years
        : complain('age', cell('age') ?? cell('baselineAge'), `a number of years from 0 to ${oldest}`),
    sex: sex === undefined ? complain('sex', cell('sex'), 'F, M or n/a') : sex,
    mmse:
      score(mmse) === null || mmse! <= 30
        ? score(mmse)
        : complain('MMSE', cell('mmse'), 'a number from 0 to 30'),
    cdr:
      score(cdr) === null || cdrGrades.includes(cdr!)
        ? score(cdr)
        : complain('CDR', cell('cdr'), `one of ${cdrGrades.join(', ')}`),
  };
}

/** Without a column session_id, rows of the same participant are more likely visits than slips. */
function repetition({ participantId }: ClinicalSession, sessionId: string | null, earlier: string): string {
  return sessionId === null
    ? `repeats ${participantId} of ${earlier} (one row per participant; rows per visit need the column session_id)`
    : `repeats ${participantId} ${sessionId} of ${earlier} (ses-M00, ses-M000 and bl are one session)`;
}

/** Columns of one meaning whose names differ in letter case only: which one holds? */
function doubtfulColumns({ path: file, columns: names }: Table): string[] {
  const aliases: readonly string[] = Object.values(columns).flat();
  return aliases.flatMap((alias) => {
    const same = names.filter((name) => name.toLowerCase() === alias);
    return same.length > 1 ? [`${file}, line 1: has the columns ${same.join(' and ')}; keep one`] : [];
  });
}

/** The first column of a field that the row has a value in. */
function given(row: Row | undefined, field: Field): string | undefined {
  if (row === undefined) return undefined;
  const names = new Map(Object.keys(row).map((name) => [name.toLowerCase(), name]));
  for (const alias of columns[field]) {
    const name = names.get(alias);
    if (name !== undefined && !isMissing(row[name])) return row[name];
  }
  return undefined;
}

function isFolder(place: string): boolean {
  const found = statSync(place, { throwIfNoEntry: false });
  if (found) return found.isDirectory();
  throw new InputError(place, 'does not exist', 'Give a table, or a BIDS folder with participants.tsv');
}
