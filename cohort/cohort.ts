import { statSync } from 'node:fs';
import path from 'node:path';
import { InputError } from './error.ts';
import { listed } from './listed.ts';
import { readVolume } from './nifti.ts';
import { type Session, sessionKey, sessionName } from './session.ts';
import { isMissing, readTable, requireColumns } from './table.ts';
import { describeGrids, type Grid, sameGrid, type Volume } from './volume.ts';

export type { Session } from './session.ts';

/** The sessions under study, in the order of their table. */
export interface Cohort {
  readonly path: string;
  readonly sessions: Session[];
}

const required = ['participant_id', 'session_id', 'diagnosis', 'path'];
const shownFaults = 20;
const oldest = 120; // years
const bestMmse = 30;
const cdrGrades = [0, 0.5, 1, 2, 3];

/**
 * Reads a cohort: a table with the columns participant_id, session_id, diagnosis, path (relative to the table's folder,
 * or absolute) and, if known, age (years), sex, mmse and cdr; other columns are left alone. Every row is checked, and one
 * error reports all that is wrong.
 *
 * @param classes the diagnoses under study, such as CN and AD
 * @param options.allowOneClass accepts a cohort whose sessions all have one diagnosis
 * @throws InputError listing the rows with a missing image, an unknown diagnosis, a repeated session, an image of two
 *   participants, an empty identifier, or an age, sex, mmse or cdr that cannot be; or when all sessions have one diagnosis
 */
export function readCohort(
  tablePath: string,
  classes: readonly string[],
  options: { allowOneClass?: boolean } = {},
): Cohort {
  const table = readTable(tablePath);
  requireColumns(table, required);
  const faults: Fault[] = [];
  const firstLines = new Map<string, number>();
  const imageOf = new Map<string, Session>();
  const sessions = table.rows.map((row, i) => {
    const line = i + 2;
    const session = sessionOf(row, line, path.dirname(path.resolve(tablePath)));
    for (const what of faultsOf(row, session, classes)) faults.push({ line, what });
    const key = JSON.stringify([session.participantId, sessionKey(session.sessionId)]);
    const earlier = firstLines.get(key);
    if (earlier === undefined) firstLines.set(key, line);
    else if (!isMissing(row.participant_id) && !isMissing(row.session_id))
      faults.push({ line, what: `repeats ${sessionName(session)} of line ${earlier}` });
    // One image under two names could stand on two sides of a split.
    const owner = imageOf.get(session.path);
    if (owner === undefined) imageOf.set(session.path, session);
    else if (!isMissing(row.path) && owner.participantId !== session.participantId)
      faults.push({ line, what: `image ${row.path} is that of ${sessionName(owner)} in line ${owner.line}` });
    return session;
  });
  if (faults.length > 0) throw faultyRows(tablePath, faults);
  if (sessions.length === 0) throw new InputError(tablePath, 'lists no session', 'Add one row per session');
  const diagnoses = new Set(sessions.map((session) => session.diagnosis));
  if (diagnoses.size < 2 && !options.allowOneClass) {
    throw new InputError(
      tablePath,
      `holds the diagnosis ${[...diagnoses]} only`,
      `Add sessions of the other diagnoses (${classes.filter((name) => !diagnoses.has(name)).join(', ')})`,
    );
  }
  return { path: tablePath, sessions };
}

/**
 * Reads a session's image, which must lie on the cohort's grid.
 *
 * @throws InputError when the image cannot be read, or lies on another grid
 */
export function loadVolume(session: Session, grid: Grid): Volume {
  const volume = readVolume(session.path);
  refuseOtherGrid(session, volume.grid, grid);
  return volume;
}

/** Requires that a session's image lies on the cohort's grid. @throws InputError with both grids when it does not */
export function refuseOtherGrid(session: Session, its: Grid, grid: Grid): void {
  if (sameGrid(its, grid)) return;
  const [found, wanted] = describeGrids(its, grid);
  throw new InputError(
    `${session.path} (${sessionName(session)})`,
    `lies on another grid: ${found}, where ${wanted} are wanted`,
    'Bring all images onto one grid ("voxmask cohort build --resample" does)',
  );
}

interface Fault {
  readonly line: number;
  readonly what: string;
}

function sessionOf(row: Record<string, string>, line: number, folder: string): Session {
  const sex = row.sex?.toLowerCase();
  const numberOf = (cell: string | undefined) => (isMissing(cell) ? null : Number(cell));
  return {
    participantId: row.participant_id,
    sessionId: row.session_id,
    diagnosis: row.diagnosis,
    age: numberOf(row.age),
    sex: sex === 'f' || sex === 'female' ? 'F' : sex === 'm' || sex === 'male' ? 'M' : null,
    mmse: numberOf(row.mmse),
    cdr: numberOf(row.cdr),
    path: path.resolve(folder, row.path),
    line,
  };
}

function faultsOf(row: Record<string, string>, session: Session, classes: readonly string[]): string[] {
  const faults: string[] = [];
  if (isMissing(row.participant_id)) faults.push('has no participant_id');
  if (isMissing(row.session_id)) faults.push('has no session_id');
  for (const name of ['participant_id', 'session_id'] as const) {
    if (/\s/.test(row[name])) faults.push(`${name} "${row[name]}" has a space in it`);
  }
  if (!classes.includes(row.diagnosis)) {
    faults.push(`diagnosis "${row.diagnosis}" is not one of ${classes.join(', ')}`);
  }
  if (session.age !== null && !(session.age >= 0 && session.age <= oldest)) {
    faults.push(`age "${row.age}" is not a number of years from 0 to ${oldest}`);
  }
  if (session.sex === null && !isMissing(row.sex)) faults.push(`sex "${row.sex}" is not F, M or n/a`);
  if (session.mmse !== null && !(session.mmse >= 0 && session.mmse <= bestMmse)) {
    faults.push(`mmse "${row.mmse}" is not a number from 0 to ${bestMmse}`);
  }
  if (session.cdr !== null && !cdrGrades.includes(session.cdr)) {
    faults.push(`cdr "${row.cdr}" is not one of ${cdrGrades.join(', ')}`);
  }
  if (isMissing(row.path)) faults.push('has no path');
  else if (!isFile(session.path)) faults.push(`image ${row.path} does not exist`);
  return faults;
}

function isFile(file: string): boolean {
  try {
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

function faultyRows(where: string, faults: readonly Fault[]): InputError {
  const lines = faults.map(({ line, what }) => `line ${line}: ${what}`);
  const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`;
  return new InputError(where, `has ${count}`, `Correct these rows:${listed(lines, '\n  ', shownFaults)}`);
}
