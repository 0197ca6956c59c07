import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { refuseUnknownInLists } from '../build/unknown.ts';
import type { Cohort } from '../cohort.ts';
import { InputError } from '../error.ts';
import { listed } from '../listed.ts';
import { firstSessions, type Session, sessionKey } from '../session.ts';
import { Diagnoses } from '../spellings.ts';
import { readTable, requireColumns } from '../table.ts';
import type { Split } from './folds.ts';
import { refuseLeaks } from './leaks.ts';

/** A fold read from lists, and how many of their sessions the cohort does not have. */
export interface PublishedSplit extends Split {
  readonly absent: { readonly train: number; readonly validation: number };
  /** which spellings of the lists were taken for which diagnoses, and what was left out: a sentence each */
  readonly notes: readonly string[];
}

/** The folder's lists for a fold: files of all sessions for training, of the first ones for validation. */
interface Lists {
  readonly train: string[];
  readonly validation: string[];
}

/**
 * Reads a fold from the lists of ClinicaDL, as its commands and its authors left them. Two layouts of the folder are known:
 *
 * - old: `train_splits-5/split-0/AD.tsv` and `validation_splits-5/split-0/AD_baseline.tsv`, a table per diagnosis. The
 *   lists published with the paper are of this kind.
 * - new: `split-0/train.tsv` and `split-0/validation_baseline.tsv`, all diagnoses in one table.
 *
 * Sessions that the cohort does not have (they were rejected, or their images are missing) are left out and counted; so are
 * those of other diagnoses. A diagnosis of unknown meaning is refused, as `voxmask cohort build` does.
 *
 * @param folder that holds `train_splits-5` or `split-0`
 * @param classes the diagnoses under study; lists of others are not read
 * @returns null when the folder is of neither layout
 * @throws InputError when the fold's lists are missing or broken, have a diagnosis of unknown meaning, give a session another diagnosis than the cohort has, have
 *   a participant on two sides, or leave a class without a participant on a side
 */
export function readPublishedFold(
  folder: string,
  fold: number,
  classes: readonly string[],
  cohort: Cohort,
): PublishedSplit | null {
  const lists = oldLists(folder, fold, classes) ?? newLists(folder, fold);
  if (lists === null) return null;
  const known = new Map(
    cohort.sessions.map((session) => [keyOf(session.participantId, session.sessionId), session]),
  );
  const diagnoses = new Diagnoses(classes);
  const counts = new Map<string, number>();
  const read = (cell: string | undefined) => {
    const name = diagnoses.read(cell);
    if (name !== null) counts.set(name, (counts.get(name) ?? 0) + 1);
    return name;
  };
  const train = sessionsOf(lists.train, classes, known, cohort.path, read);
  const validation = sessionsOf(lists.validation, classes, known, cohort.path, read);
  refuseUnknownInLists(folder, counts, diagnoses, classes);
  refuseLeaks({ train: train.listed, validation: validation.listed });
  const split = { train: train.found, validation: firstSessions(validation.found) };
  for (const [side, sessions] of Object.entries(split)) {
    const lacking = classes.filter((name) => !sessions.some(({ diagnosis }) => diagnosis === name));
    if (lacking.length === 0) continue;
    throw new InputError(
      folder,
      `fold ${fold}: no ${side} session of ${lacking.join(', ')} is in ${cohort.path}`,
      'Give the cohort that the lists were made for; identifiers must be spelled alike, as sub-ADNI002S0295',
    );
  }
  const absent = ({ listed, found }: Side) => listed.length - found.length;
  const others = [...counts].filter(([name]) => !classes.includes(name));
  const left = others.map(([name, count]) => `${name} (${count})`);
  const notes = [
    ...diagnoses.notes(),
    ...(left.length > 0 ? [`Rows of other diagnoses are left out: ${listed(left)}.`] : []),
  ];
  return { ...split, absent: { train: absent(train), validation: absent(validation) }, notes };
}

function oldLists(folder: string, fold: number, classes: readonly string[]): Lists | null {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const of = (side: string) => names.find((name) => new RegExp(`^${side}_splits-\\d+$`).test(name));
  const [train, validation] = [of('train'), of('validation')];
  if (train === undefined || validation === undefined) return null;
  const list = (side: string, name: string, endings: string[]) => {
    const place = path.join(folder, side, `split-${fold}`);
    return firstOf(endings.map((ending) => path.join(place, `${name}${ending}.tsv`)));
  };
  return {
    train: classes.map((name) => list(train, name, ['', '_baseline'])),
    validation: classes.map((name) => list(validation, name, ['_baseline', ''])),
  };
}

function newLists(folder: string, fold: number): Lists | null {
  if (!existsSync(path.join(folder, 'split-0'))) return null;
  const place = path.join(folder, `split-${fold}`);
  const list = (...names: string[]) => [firstOf(names.map((name) => path.join(place, `${name}.tsv`)))];
  return { train: list('train', 'train_baseline'), validation: list('validation_baseline', 'validation') };
}

function firstOf(files: readonly string[]): string {
  const found = files.find((file) => existsSync(file));
  if (found !== undefined) return found;
  throw new InputError(files[0], 'does not exist', 'Give a folder that holds the lists of this fold');
}

interface Side {
  readonly listed: { readonly participantId: string }[];
  readonly found: Session[];
}

function sessionsOf(
  files: readonly string[],
  classes: readonly string[],
  known: ReadonlyMap<string, Session>,
  cohort: string,
  read: (cell: string | undefined) => string | null,
): Side {
  const side: Side = { listed: [], found: [] };
  for (const file of files) {
    const table = readTable(file);
    requireColumns(table, ['participant_id', 'session_id']);
    table.rows.forEach((row, i) => {
      // Unspoken, the diagnosis is in a table of labels beside; the cohort knows it as well.
      const told = read(row.diagnosis);
      if (told !== null && !classes.includes(told)) return;
      const session = known.get(keyOf(row.participant_id, row.session_id));
      if (told === null && session === undefined) return;
      side.listed.push({ participantId: row.participant_id });
      if (session === undefined) return;
      if (told !== null && told !== session.diagnosis) {
        throw new InputError(
          `${file}, line ${i + 2}`,
          `${row.participant_id} ${row.session_id} is ${told}, but ${session.diagnosis} in ${cohort}`,
          'Give the cohort that the lists were made for',
        );
      }
      side.found.push(session);
    });
  }
  return side;
}

function keyOf(participantId: string, sessionId: string): string {
  return JSON.stringify([participantId, sessionKey(sessionId)]);
}
