import { existsSync } from 'node:fs';
import path from 'node:path';
import { readCohort } from '../../../cohort/cohort.ts';
import { describeCohort } from '../../../cohort/demographics.ts';
import { readTable, type Table } from '../../../cohort/table.ts';
import { demographicCells, demographicColumns } from '../../../report/demographics-table.ts';
import type { LikenessValues, NumberTable, Quality, SplitReport } from '../../../report/page/data.ts';
import type { TextCell } from '../../../report/text-table.ts';
import { sheetOf } from './contact-sheet.ts';
import { attempt, type Context, cohortName, resultsOf } from './context.ts';
import { member, numberOf } from './numbers.ts';
import { reasonsOf } from './reasons.ts';
import type { Result } from './results.ts';
import type { Sealed, Shown } from './shown.ts';

/** A folder's cohort as the report calls it. */
function nameOf(context: Context, { place }: Result): Shown {
  return (
    cohortName(context, `${place}/`) ??
    context.identity.name('cohort', place.replaceAll('/', ' ') || 'cohort')
  );
}

/** What the quality checks of all cohorts found. */
export function readQuality(context: Context): Sealed<Quality>[] {
  return resultsOf(context, 'cohort check').flatMap((result) => {
    const file = path.join(result.folder, 'check.tsv');
    const table = existsSync(file)
      ? attempt(context, context.identity.file(file), () => readTable(file))
      : null;
    return table ? [qualityOf(context, result, table)] : [];
  });
}

function qualityOf(context: Context, result: Result, table: Table): Sealed<Quality> {
  const { rows } = table;
  const count = (verdict: string) => rows.filter((row) => row.verdict === verdict).length;
  const kinds = new Map<Shown, number>();
  for (const kind of rows.flatMap((row) => reasonsOf(context, row)))
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  const cohort = nameOf(context, result);
  return {
    cohort,
    rejected: count('rejected'),
    flagged: count('flagged'),
    accepted: count('accepted'),
    reasons: [...kinds].sort((a, b) => b[1] - a[1]),
    aboveOne: rows.filter((row) => (numberOf(row.above_one_share) ?? 0) > 0).length,
    sheet: sheetOf(context, result, rows, cohort),
  };
}

/** Table 1: of each cohort the checked images, else the table that was built or simulated. */
export function readDemographics(context: Context, classes: readonly string[]): Sealed<NumberTable> | null {
  const { say, own, from, className } = context.identity;
  const rows = cohortTables(context).flatMap(({ name, file }) => {
    const groups = attempt(context, name, () =>
      describeCohort(readCohort(file, classes, { allowOneClass: true }), classes),
    );
    return (groups ?? []).map((group) => {
      const diagnosis = className(group.diagnosis);
      return [name, ...from(demographicCells, { ...group, diagnosis })];
    });
  });
  const columns = own(...demographicColumns);
  const shown = rows.length > 0 ? rows : described(context);
  return shown && { name: say`table-1`, columns, rows: shown };
}

function cohortTables(context: Context): { name: Shown; file: string }[] {
  for (const [command, table] of [
    ['cohort check', 'accepted.tsv'],
    ['cohort build', 'cohort.tsv'],
    ['simulate', 'cohort.tsv'],
    ['demo', 'cohort.tsv'],
  ] as const) {
    const found = resultsOf(context, command)
      .map((result) => ({ name: nameOf(context, result), file: path.join(result.folder, table) }))
      .filter(({ file }) => existsSync(file));
    if (found.length > 0) return found;
  }
  return [];
}

/** What "cohort describe" wrote, where the images themselves are not there to be counted. */
function described(context: Context): Sealed<TextCell>[][] | null {
  const { name, className, figures, file: fileName } = context.identity;
  const tables = (context.study?.units ?? [])
    .filter(({ command }) => command[0] === 'cohort' && command[1] === 'describe')
    .map(({ out }) => path.join(context.root, out, 'table1.tsv'))
    .filter((file) => existsSync(file))
    .flatMap((file) => attempt(context, fileName(file), () => readTable(file)) ?? []);
  if (tables.length === 0) return null;
  const cell = (column: string, text: string): Sealed<TextCell> => {
    if (column === 'cohort') return name('cohort', text);
    return numberOf(text) ?? (column === 'label' ? className(text) : figures(text));
  };
  return tables.flatMap((table) =>
    table.rows.map((row) => table.columns.map((column) => cell(column, row[column]))),
  );
}

/** How test set and folds were drawn, with their p-values. */
export function readSplits(context: Context): Sealed<SplitReport> {
  const { say, className } = context.identity;
  const [test] = resultsOf(context, 'split test');
  const [kfold] = resultsOf(context, 'split kfold');
  const folds = member(kfold?.results, 'folds');
  return {
    test: test
      ? {
          draws: numberOf(member(test.results, 'draws')),
          lines: [
            [say`test set and the rest`, likeness(member(test.results, 'againstRest'))],
            ...Object.entries(member(test.results, 'againstRestByClass') ?? {}).map(
              ([name, values]) => [say`the same, ${className(name)} only`, likeness(values)] as const,
            ),
            [say`the classes within the test set`, likeness(member(test.results, 'betweenClasses'))],
          ],
        }
      : null,
    folds: (Array.isArray(folds) ? folds : []).map((fold) => ({
      fold: Number(member(fold, 'fold')),
      train: counts(context, member(fold, 'train')),
      validation: counts(context, member(fold, 'validation')),
      likeness: Object.fromEntries(
        Object.entries(member(fold, 'likeness') ?? {}).map(([name, values]) => [
          className(name),
          likeness(values),
        ]),
      ),
    })),
  };
}

function likeness(values: unknown): LikenessValues {
  return { age: numberOf(member(values, 'age')), sex: numberOf(member(values, 'sex')) };
}

function counts({ identity }: Context, values: unknown): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values ?? {}).map(([name, count]) => [identity.className(name), numberOf(count) ?? 0]),
  );
}
