import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readCohort } from '../../../cohort/cohort.ts';
import { describeCohort } from '../../../cohort/demographics.ts';
import { readVolume } from '../../../cohort/nifti.ts';
import { compareText } from '../../../cohort/session.ts';
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
import { ownReason, reasonIn } from './reasons.ts';
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

function reasonsOf({ identity: { anonymous, own, message } }: Context, row: Row): Shown[] {
  const given = row.reasons === 'n/a' ? [] : row.reasons.split('; ');
  if (anonymous) return own(...given.map(ownReason));
  return given
    .map(reasonIn)
    .filter((reason) => reason !== '')
    .flatMap((reason) => message(reason) ?? []);
}

/** The sheet as it was drawn; drawn anew, without names, where the report is anonymous. */
function sheetOf(
  context: Context,
  result: Result,
  rows: Table['rows'],
  cohort: Shown,
): Sealed<Picture> | null {
  const file = path.join(result.folder, 'contact-sheet.png');
  const { say, from, anonymous } = context.identity;
  const slug = from((name: string) => name.replace(/\W+/g, '-'), cohort);
  const about = {
    name: say`contact-sheet_${slug}`,
    alt: say`Slices of the images of ${cohort}, the worst first, each with its verdict`,
    caption: say`${cohort}: the worst images first, then typical ones; a coronal and an axial slice of each, left is left.`,
  };
  if (!anonymous) return existsSync(file) ? { ...about, png: readFileSync(file) } : null;
  return attempt(context, say`an image of ${cohort}`, () => {
    const ordered = withoutOrderOfNames(rows);
    const bad = ordered.filter((row) => row.verdict !== 'accepted').slice(0, mostThumbnails - typical);
    const shown = [...bad, ...ordered.filter((row) => row.verdict === 'accepted').slice(-typical)];
    const thumbnails = shown.map((row) => () => thumbnail(context, result, row));
    const title = say`Quality check: ${rows.length} images`;
    return { ...about, png: from(renderContactSheet, title, shown.length, each(thumbnails)) };
  });
}

const mostThumbnails = 60;
const typical = 10;
const verdicts = ['rejected', 'flagged', 'accepted'] as const;
type Row = Table['rows'][number];

/** The rows as they stand, the worst first; equals, which stand by name, by their diagnosis instead. */
function withoutOrderOfNames(rows: readonly Row[]): Row[] {
  const measures = ({ participant_id: _, session_id: _1, diagnosis: _2, path: _3, ...measured }: Row) =>
    JSON.stringify({ ...measured, reasons: measured.reasons.split('; ').map(reasonIn) });
  const keys = rows.map(measures);
  return rows
    .map((row, i) => ({ row, place: keys.indexOf(keys[i]) }))
    .sort((a, b) => a.place - b.place || compareText(a.row.diagnosis, b.row.diagnosis))
    .map(({ row }) => row);
}

function* each<T>(makers: readonly (() => T)[]): Generator<T> {
  for (const make of makers) yield make();
}

function thumbnail(context: Context, { folder }: Result, row: Row): Sealed<Thumbnail> {
  const { say, participant, session, className, figures } = context.identity;
  const file = path.resolve(folder, row.path);
  const readable = row.maximum !== 'n/a' && existsSync(file);
  const [who, when] = [participant(row.participant_id), session(row.participant_id, row.session_id)];
  const [maximum, r, volume] = [row.maximum, row.correlation, row.gray_matter_ml].map(figures);
  return {
    verdict: verdicts.find((verdict) => verdict === row.verdict) ?? 'flagged',
    caption: [
      say`${who} ${when} ${className(row.diagnosis)}`,
      say`max ${maximum}, r ${r}, ${volume} ml`,
      ...reasonsOf(context, row),
    ],
    image: readable ? readVolume(file) : null,
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
