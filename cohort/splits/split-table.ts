import type { Cohort } from './cohort.ts';
import { InputError } from './error.ts';
import { type Session, sessionKey } from './session.ts';
import { refuseLeak, type Split } from './split.ts';
import { readTable, requireColumns } from './table.ts';

const shownFaults = 10;

/**
 * Reads which sessions of a cohort a network was trained and validated with: a table with the columns participant_id,
 * session_id and set (`train` or `validation`), as training writes it. Rows of another set are left alone. Sessions are
 * matched as `sessionKey` names them, so `ses-M00` finds `ses-M000`.
 *
 * @throws InputError when the table lacks a column, lists a session that the cohort lacks or gives another diagnosis, lists
 *   one twice, has no session on a side, or has a participant on both
 */
export function readSplit(path: string, cohort: Cohort): Split {
  const table = readTable(path);
  requireColumns(table, ['participant_id', 'session_id', 'set']);
  const known = new Map(cohort.sessions.map((session) => [keyOf(session), session]));
  const split: Split = { train: [], validation: [] };
  const faults: string[] = [];
  table.rows.forEach((row, i) => {
    if (row.set !== 'train' && row.set !== 'validation') return;
    const session = known.get(keyOf({ participantId: row.participant_id, sessionId: row.session_id }));
    const name = `line ${i + 2}: ${row.participant_id} ${row.session_id}`;
    if (!session) faults.push(`${name} is not in ${cohort.path}`);
    else if (row.diagnosis !== undefined && row.diagnosis !== session.diagnosis)
      faults.push(`${name} is ${row.diagnosis}, but ${session.diagnosis} in ${cohort.path}`);
    else if (split.train.includes(session) || split.validation.includes(session))
      faults.push(`${name} is there twice`);
    else split[row.set].push(session);
  });
  if (faults.length > 0) throw doesNotFit(path, faults);
  for (const set of ['train', 'validation'] as const) {
    if (split[set].length === 0)
      throw new InputError(path, `has no session of the set ${set}`, 'Give the split that training wrote');
  }
  refuseLeak(split.train, split.validation);
  return split;
}

function keyOf({ participantId, sessionId }: Pick<Session, 'participantId' | 'sessionId'>): string {
  return JSON.stringify([participantId, sessionKey(sessionId)]);
}

function doesNotFit(path: string, faults: readonly string[]): InputError {
  const shown = faults.slice(0, shownFaults).map((fault) => `\n  ${fault}`);
  const rest = faults.length > shownFaults ? `\n  and ${faults.length - shownFaults} more` : '';
  return new InputError(
    path,
    `does not fit the cohort:${shown.join('')}${rest}\n`,
    'Give the cohort that the network was trained with, or its own split',
  );
}
