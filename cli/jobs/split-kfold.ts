import path from 'node:path';
import type { Cohort } from '../../cohort/cohort.ts';
import { InputError } from '../../cohort/error.ts';
import { writeFileAtomic } from '../../cohort/files.ts';
import { firstSessions, type Session } from '../../cohort/session.ts';
import { formatDatalist } from '../../cohort/splits/datalist.ts';
import { drawFolds, type FoldMethod, splitOf } from '../../cohort/splits/folds.ts';
import type { Visits } from '../../cohort/splits/participants.ts';
import { foldFile } from '../../cohort/splits/read-fold.ts';
import { formatSplit } from '../../cohort/splits/split-table.ts';
import { compare, type Likeness } from '../../cohort/splits/test-set.ts';
import { formatTable } from '../../cohort/table.ts';
import { writeSidecar } from '../sidecar.ts';
import { readNotedCohort } from './noted-cohort.ts';
import { openOutput } from './output.ts';
import { refuseCopies } from './twins.ts';

export interface SplitKfoldOptions {
  readonly cohort: string;
  readonly classes: readonly string[];
  /** cohort table of test participants, who are left out; null for none */
  readonly test: string | null;
  readonly folds: number;
  readonly method: FoldMethod;
  readonly seed: number;
  readonly out: string;
  readonly overwrite: boolean;
}

/** A fold, in numbers. */
export interface FoldReport {
  readonly fold: number;
  /** by diagnosis: sessions that train, and participants that validate */
  readonly train: Readonly<Record<string, number>>;
  readonly validation: Readonly<Record<string, number>>;
  /** by diagnosis: validating against training participants at their first sessions */
  readonly likeness: Readonly<Record<string, Likeness>>;
}

export interface SplitKfoldResult {
  readonly folds: readonly FoldReport[];
  /** test participants who were left out */
  readonly leftOut: number;
  readonly paths: { readonly folds: string; readonly tables: readonly string[]; readonly sidecar: string };
}

const marker = 'folds.tsv';

/**
 * Cuts a cohort into folds, from its table to tables: `fold-0.tsv` and so on, the split of each, `fold-0.json` with its
 * images for other programs, and `folds.tsv`, which participant validates in which. @throws InputError as `readCohort` and `drawFolds`
 */
export async function splitKfold(options: SplitKfoldOptions): Promise<SplitKfoldResult> {
  const { cohort: table, classes, out, folds, method, seed } = options;
  const startedAt = new Date();
  const whole = readNotedCohort(table, classes, { copiesCompared: true });
  const test =
    options.test === null
      ? []
      : readNotedCohort(options.test, classes, { allowOneClass: true, copiesCompared: true }).sessions;
  await refuseCopies(table, [...whole.sessions, ...test]);
  const cohort = withoutTest(whole, test);
  const leftOut = firstSessions(whole.sessions).length - firstSessions(cohort.sessions).length;
  const parts = drawFolds(cohort, folds, seed, method);
  const output = openOutput(out, { by: 'split kfold', overwrite: options.overwrite });
  try {
    const names = parts.flatMap((_, fold) => [foldFile(fold), foldFile(fold).replace(/\.tsv$/, '.json')]);
    output.require([marker, 'folds.json', ...names], marker);
    output.requireRemovable();
    output.removeAll();

    const tables = parts.map((_, fold) => {
      const file = path.join(out, foldFile(fold));
      const sets = { ...splitOf(parts, fold), ...(test.length > 0 && { test: firstSessions(test) }) };
      writeFileAtomic(file.replace(/\.tsv$/, '.json'), formatDatalist(sets, classes, out));
      writeFileAtomic(file, formatSplit(sets));
      return file;
    });
    const reports = parts.map((_, fold) => reportOf(parts, fold, classes));
    const paths = { folds: path.join(out, marker), tables, sidecar: path.join(out, 'folds.json') };
    writeSidecar(out, 'folds', {
      command: 'split kfold',
      options: { ...options },
      seed,
      startedAt,
      finishedAt: new Date(),
      results: { folds: reports, leftOut },
    });
    writeFileAtomic(paths.folds, foldsTable(parts));
    return { folds: reports, leftOut, paths };
  } finally {
    output.close();
  }
}

/** The cohort without the participants of a test set, even where they have sessions that the test set does not use. */
function withoutTest(cohort: Cohort, test: readonly Session[]): Cohort {
  const ids = new Set(test.map(({ participantId }) => participantId));
  const sessions = cohort.sessions.filter(({ participantId }) => !ids.has(participantId));
  if (sessions.length > 0) return { ...cohort, sessions };
  throw new InputError(cohort.path, 'holds test participants only', 'Give the whole cohort, or its rest');
}

function reportOf(parts: readonly Visits[][], fold: number, classes: readonly string[]): FoldReport {
  const { train, validation } = splitOf(parts, fold);
  const count = (sessions: readonly Session[]) =>
    Object.fromEntries(classes.map((name) => [name, sessions.filter((s) => s.diagnosis === name).length]));
  const of = (name: string, participants: readonly Visits[]) =>
    participants.filter(([first]) => first.diagnosis === name);
  const others = parts.filter((_, i) => i !== fold).flat();
  const likeness = classes.map((name) => [name, compare(of(name, parts[fold]), of(name, others))]);
  return { fold, train: count(train), validation: count(validation), likeness: Object.fromEntries(likeness) };
}

function foldsTable(parts: readonly Visits[][]): string {
  const rows = parts
    .flatMap((participants, fold) =>
      participants.map(([{ participantId, diagnosis }]) => ({
        participant_id: participantId,
        diagnosis,
        fold,
      })),
    )
    .sort((a, b) => (a.participant_id < b.participant_id ? -1 : 1));
  return formatTable(['participant_id', 'diagnosis', 'fold'], rows);
}
