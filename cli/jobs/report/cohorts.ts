import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readCohort } from '../../../cohort/cohort.ts';
import { describeCohort } from '../../../cohort/demographics.ts';
import { readVolume } from '../../../cohort/nifti.ts';
import { readTable, type Table } from '../../../cohort/table.ts';
import { renderContactSheet, type Thumbnail } from '../../../report/contact-sheet.ts';
import { demographicCells, demographicColumns } from '../../../report/demographics-table.ts';
import type {
  LikenessValues,
  NumberTable,
  Picture,
  Quality,
  SplitReport,
} from '../../../report/page/data.ts';
import type { TextCell } from '../../../report/text-table.ts';
import { attempt, type Context, cohortName, resultsOf } from './context.ts';
import { member, numberOf } from './numbers.ts';
import type { Result } from './results.ts';

/** A folder's cohort as the report calls it. */
function nameOf(context: Context, { place }: Result): string {
  return cohortName(context, `${place}/`) ?? (context.identity.text(place.replaceAll('/', ' ')) || 'cohort');
}

/** What the quality checks of all cohorts found. */
export function readQuality(context: Context): Quality[] {
  return resultsOf(context, 'cohort check').flatMap((result) => {
    const file = path.join(result.folder, 'check.tsv');
    const table = existsSync(file) ? attempt(context, file, () => readTable(file)) : null;
    return table ? [qualityOf(context, result, table)] : [];
  });
}

function qualityOf(context: Context, result: Result, table: Table): Quality {
  const { rows } = table;
  const count = (verdict: string) => rows.filter((row) => row.verdict === verdict).length;
  const kinds = new Map<string, number>();
  for (const reason of rows.flatMap((row) => (row.reasons === 'n/a' ? [] : row.reasons.split('; ')))) {
    const kind = kindOf(reason);
    if (kind !== '') kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
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

/** A reason without its numbers and what is quoted, so that alike ones count together and none names a file. */
function kindOf(reason: string): string {
  return reason
    .replace(/^cannot be read:.*$/s, 'cannot be read')
    .replace(/:? z -?[\d.]+$/, '')
    .replace(/-?\d+(\.\d+)?(e-?\d+)?( %)?/g, '…')
    .trim();
}

/** The sheet as it lies there; drawn anew, with numbers for participants, where the report is anonymous. */
function sheetOf(context: Context, result: Result, rows: Table['rows'], cohort: string): Picture | null {
  const file = path.join(result.folder, 'contact-sheet.png');
  const about = {
    name: `contact-sheet_${cohort.replace(/\W+/g, '-')}`,
    alt: `Slices of the images of ${cohort}, the worst first, each with its verdict`,
    caption: `${cohort}: the worst images first, then typical ones; a coronal and an axial slice of each, left is left.`,
  };
  if (!context.identity.secrets.length)
    return existsSync(file) ? { ...about, png: readFileSync(file) } : null;
  return attempt(context, `an image of ${cohort}`, () => {
    const bad = rows.filter((row) => row.verdict !== 'accepted').slice(0, mostThumbnails - typical);
    const shown = [...bad, ...rows.filter((row) => row.verdict === 'accepted').slice(-typical)];
    const thumbnails = shown.map((row) => () => thumbnail(context, result, row));
    const title = `Quality check: ${rows.length} images`;
    return { ...about, png: renderContactSheet(title, shown.length, each(thumbnails)) };
  });
}

const mostThumbnails = 60;
const typical = 10;

function* each<T>(makers: readonly (() => T)[]): Generator<T> {
  for (const make of makers) yield make();
}

function thumbnail({ identity }: Context, { folder }: Result, row: Table['rows'][number]): Thumbnail {
  const file = path.resolve(folder, row.path);
  const readable = row.maximum !== 'n/a' && existsSync(file);
  return {
    verdict: row.verdict as Thumbnail['verdict'],
    caption: [
      `${identity.participant(row.participant_id)} ${row.session_id} ${row.diagnosis}`,
      `max ${row.maximum}, r ${row.correlation}, ${row.gray_matter_ml} ml`,
      ...(row.reasons === 'n/a' ? [] : row.reasons.split('; ').map(kindOf)),
    ],
    image: readable ? readVolume(file) : null,
  };
}

/** Table 1: of each cohort the checked images, else the table that was built or simulated. */
export function readDemographics(context: Context, classes: readonly string[]): NumberTable | null {
  const rows = cohortTables(context).flatMap(({ name, file }) => {
    const groups = attempt(context, name, () =>
      describeCohort(readCohort(file, classes, { allowOneClass: true }), classes),
    );
    return (groups ?? []).map((group): TextCell[] => [name, ...demographicCells(group)]);
  });
  const table = rows.length > 0 ? { columns: demographicColumns, rows } : described(context);
  return table && { name: 'table-1', ...table };
}

function cohortTables(context: Context): { name: string; file: string }[] {
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
function described(context: Context): { columns: readonly string[]; rows: TextCell[][] } | null {
  const tables = (context.study?.units ?? [])
    .filter(({ command }) => command[0] === 'cohort' && command[1] === 'describe')
    .map(({ out }) => path.join(context.root, out, 'table1.tsv'))
    .filter((file) => existsSync(file))
    .flatMap((file) => attempt(context, file, () => readTable(file)) ?? []);
  if (tables.length === 0) return null;
  const rows = tables.flatMap((table) =>
    table.rows.map((row) => table.columns.map((column): TextCell => numberOf(row[column]) ?? row[column])),
  );
  return { columns: demographicColumns, rows };
}

/** How test set and folds were drawn, with their p-values. */
export function readSplits(context: Context): SplitReport {
  const [test] = resultsOf(context, 'split test');
  const [kfold] = resultsOf(context, 'split kfold');
  const folds = member(kfold?.results, 'folds');
  return {
    test: test
      ? {
          draws: numberOf(member(test.results, 'draws')),
          lines: [
            ['test set and the rest', likeness(member(test.results, 'againstRest'))],
            ...Object.entries(member(test.results, 'againstRestByClass') ?? {}).map(
              ([name, values]) => [`the same, ${name} only`, likeness(values)] as const,
            ),
            ['the classes within the test set', likeness(member(test.results, 'betweenClasses'))],
          ],
        }
      : null,
    folds: (Array.isArray(folds) ? folds : []).map((fold) => ({
      fold: Number(member(fold, 'fold')),
      train: counts(member(fold, 'train')),
      validation: counts(member(fold, 'validation')),
      likeness: Object.fromEntries(
        Object.entries(member(fold, 'likeness') ?? {}).map(([name, values]) => [name, likeness(values)]),
      ),
    })),
  };
}

function likeness(values: unknown): LikenessValues {
  return { age: numberOf(member(values, 'age')), sex: numberOf(member(values, 'sex')) };
}

function counts(values: unknown): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values ?? {}).map(([name, count]) => [name, numberOf(count) ?? 0]),
  );
}
