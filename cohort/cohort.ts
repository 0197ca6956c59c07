import path from 'node:path';
import { doubtfulColumns, hasColumn, type Noticed, notesOf, sessionOf, valueIn } from './clinical-row.ts';
import { InputError } from './error.ts';
import { listed } from './listed.ts';
import { readVolume } from './nifti.ts';
import { SameFiles } from './same-files.ts';
import { type Session, sessionKey, sessionName } from './session.ts';
import { Diagnoses } from './spellings.ts';
import { isMissing, readTable, requireColumns } from './table.ts';
import { pathFromTable } from './table-path.ts';
import { describeGrids, type Grid, sameGrid, type Volume } from './volume.ts';

export type { Session } from './session.ts';

/** The sessions under study, in the order of their table. */
export interface Cohort {
  readonly path: string;
  readonly sessions: Session[];
  /** what was taken for granted in the table, a sentence each */
  readonly notes?: readonly string[];
}

const shownFaults = 20;

/**
 * Reads a cohort: a table with the columns participant_id, session_id, diagnosis, path (relative to the table's folder,
 * or absolute) and, if known, age (years), sex, mmse and cdr, each under the names and with the spellings that
 * `voxmask cohort build` takes; other columns are left alone. Every row is checked, and one error reports all that is wrong.
 *
 * @param classes the diagnoses under study, such as CN and AD
 * @param options.allowOneClass accepts a cohort whose sessions all have one diagnosis
 * @param options.copiesCompared leaves links to another participant's image to the caller, who compares all images by their
 *   voxels (`refuseTwins`) and so finds links and copies together
 * @throws InputError listing the rows with a missing image, an unknown diagnosis, a repeated session, an image of two
 *   participants (a link to it is the same image), an empty identifier, or an age, sex, mmse or cdr that cannot be; or when all sessions have one diagnosis
 */
export function readCohort(
  tablePath: string,
  classes: readonly string[],
  options: { allowOneClass?: boolean; copiesCompared?: boolean } = {},
): Cohort {
  const table = readTable(tablePath);
  const diagnosed = hasColumn(table, 'diagnosis');
  requireColumns(table, ['participant_id', 'session_id', ...(diagnosed ? [] : ['diagnosis']), 'path']);
  const faults: Fault[] = doubtfulColumns(table).map((what) => ({ line: 1, what }));
  const diagnoses = new Diagnoses(classes);
  const noticed: Noticed = { faults: [], otherSex: [], untimed: [] };
  const firstLines = new Map<string, number>();
  const files = new SameFiles(!options.copiesCompared);
  const sessions = table.rows.map((row, i) => {
    const line = i + 2;
    noticed.faults.length = 0;
    const given = { row, line, sessionId: row.session_id, inherited: undefined };
    const values = sessionOf(given, diagnoses, noticed);
    const imagePath = pathFromTable(path.dirname(path.resolve(tablePath)), row.path);
    const session: Session = { ...values, diagnosis: values.diagnosis ?? '', path: imagePath, line };
    faults.push(...noticed.faults.map((what) => ({ line, what })));
    if (!classes.includes(session.diagnosis)) {
      const cell = valueIn(row, 'diagnosis', diagnoses);
      faults.push({
        line,
        what: `${cell === undefined ? 'no diagnosis' : `diagnosis "${cell}"`} is not one of ${classes.join(', ')}`,
      });
    }
    const key = JSON.stringify([session.participantId, sessionKey(session.sessionId)]);
    const earlier = firstLines.get(key);
    if (earlier === undefined) firstLines.set(key, line);
    else if (!isMissing(row.participant_id) && !isMissing(row.session_id))
      faults.push({ line, what: `repeats ${sessionName(session)} of line ${earlier}` });
    if (isMissing(row.path)) faults.push({ line, what: 'has no path' });
    else {
      const what = files.faultOf(session, row.path);
      if (what !== null) faults.push({ line, what });
    }
    return session;
  });
  if (faults.length > 0) throw faultyRows(tablePath, faults);
  if (sessions.length === 0) throw new InputError(tablePath, 'lists no session', 'Add one row per session');
  const found = new Set(sessions.map((session) => session.diagnosis));
  if (found.size < 2 && !options.allowOneClass) {
    throw new InputError(
      tablePath,
      `holds the diagnosis ${[...found]} only`,
      `Add sessions of the other diagnoses (${classes.filter((name) => !found.has(name)).join(', ')})`,
    );
  }
  return { path: tablePath, sessions, notes: [...notesOf(noticed), ...diagnoses.notes(), ...files.notes()] };
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

function faultyRows(where: string, faults: readonly Fault[]): InputError {
  const lines = faults.map(({ line, what }) => `line ${line}: ${what}`);
  const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`;
  return new InputError(where, `has ${count}`, `Correct these rows:${listed(lines, '\n  ', shownFaults)}`);
}
