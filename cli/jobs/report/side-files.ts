import path from 'node:path';
import { writeFileAtomic } from '../../../cohort/files.ts';
import type { OutputFolder } from '../../../cohort/output/folder.ts';
import { formatTable } from '../../../cohort/table.ts';
import { renderBars } from '../../../report/bars.ts';
import { renderCurves } from '../../../report/curves.ts';
import { renderHeatMap } from '../../../report/heat-map.ts';
import { findings } from '../../../report/page/answer.ts';
import type { NumberTable, Picture, ReportData } from '../../../report/page/data.ts';
import { generator } from '../../../report/page/document.ts';
import { mainMasks, structureCounts } from '../../../report/page/rules.ts';
import { similarityTable } from '../../../report/page/sections/masks.ts';
import { openOutput, refuseLink } from '../output.ts';

const numbersName = 'numbers.json';

/** The folder beside a report for its numbers and pictures. */
export function sideFolder(html: string): string {
  return `${html.replace(/\.html?$/i, '')}_files`;
}

/** Opens the folder beside a report; the page itself is on the list of its files. */
export function openReport(html: string, overwrite: boolean | null): OutputFolder {
  refuseLink(sideFolder(html)); // nobody has named it
  return openOutput(sideFolder(html), { by: 'report', overwrite });
}

/** A report replaces an earlier one, and nothing else. @throws InputError when something else is in its place */
export function requireReport(html: string, overwrite: boolean | null): void {
  const output = openReport(html, overwrite);
  try {
    output.require([path.resolve(html), numbersName]);
  } finally {
    output.close();
  }
}

/** The report's numbers as JSON: all that it says, without volumes and pictures. */
export function numbersOf(data: ReportData): string {
  const { viewer: _, answerPicture: _1, mosaics: _2, glassBrains: _3, otherPictures: _4, ...rest } = data;
  const quality = data.quality.map(({ sheet: _5, ...counts }) => counts);
  return `${JSON.stringify({ generator: `${generator} ${data.version}`, findings: findings(data), ...rest, quality }, null, 2)}\n`;
}

/** Every table of the report, by file name. */
export function tablesOf(data: ReportData): NumberTable[] {
  const { accuracies, masks, summaries, matrices, demographics, gridPoints, checks, splits, quality } = data;
  const all: (NumberTable | null)[] = [
    demographics,
    {
      name: 'quality',
      columns: ['cohort', 'rejected', 'flagged', 'accepted'],
      rows: quality.map((one) => [one.cohort, one.rejected, one.flagged, one.accepted]),
    },
    {
      name: 'splits',
      columns: ['compared', 'p_age', 'p_sex'],
      rows: [
        ...(splits.test?.lines ?? []).map(([name, p]) => [name, p.age, p.sex] as const),
        ...splits.folds.flatMap(({ fold, likeness }) =>
          Object.entries(likeness).map(([name, p]) => [`fold ${fold}, ${name}`, p.age, p.sex] as const),
        ),
      ],
    },
    {
      name: 'accuracy',
      columns: [
        'set',
        'fold',
        'run',
        'participants',
        'balanced_accuracy',
        'low',
        'high',
        'p_chance',
        'sensitivity',
        'specificity',
        'auc',
      ],
      rows: accuracies.map((one) => [
        one.group,
        one.fold,
        one.run,
        one.participants,
        one.balancedAccuracy,
        one.interval?.[0],
        one.interval?.[1],
        one.chance?.p,
        one.sensitivity,
        one.specificity,
        one.auc,
      ]),
    },
    {
      name: 'masks',
      columns: [
        'mask',
        'kind',
        'cohort',
        'fold',
        'run',
        'images',
        'steps',
        'probability_before',
        'probability_after',
        'touched_share',
        'last_fall',
        'state',
      ],
      rows: masks.map((one) => [
        one.name,
        one.kind,
        one.cohort,
        one.fold,
        one.run,
        one.images,
        one.steps,
        one.probabilities?.before,
        one.probabilities?.after,
        one.touchedShare,
        one.lastFall,
        one.state,
      ]),
    },
    {
      name: 'regions',
      columns: ['mask', 'region', 'density'],
      rows: masks.flatMap(({ name, regions }) =>
        regions.map((region) => [name, region.name, region.density] as const),
      ),
    },
    { name: 'structures', columns: ['structure', 'masks'], rows: structureCounts(mainMasks(masks)) },
    summaries.length > 0 ? { name: 'similarity', ...similarityTable(summaries) } : null,
    gridPoints,
    data.outliers,
    ...checks,
    ...matrices.map(({ name, corner, rows, columns, values }) => ({
      name,
      columns: [corner, ...columns],
      rows: rows.map((row, i) => [row, ...values[i]] as const),
    })),
  ];
  return all.filter((table) => table !== null && table.rows.length > 0) as NumberTable[];
}

/** Every picture of the report: those in it, and its charts as PNG files. */
export function picturesOf(data: ReportData): Pick<Picture, 'name' | 'png'>[] {
  const { answerPicture, mosaics, glassBrains, otherPictures, quality, trainings, masks, matrices, planted } =
    data;
  const sheets = quality.flatMap(({ sheet }) => sheet ?? []);
  const curves = trainings
    .filter(({ history }) => history.length > 0)
    .map(({ name, history, keptEpoch }) => {
      const x = history.map(({ epoch }) => epoch);
      const png = renderCurves(
        [
          { name: 'training loss', x, y: history.map(({ trainLoss }) => trainLoss) },
          { name: 'validation loss', x, y: history.map(({ validationLoss }) => validationLoss) },
          { name: 'balanced accuracy', x, y: history.map(({ balancedAccuracy }) => balancedAccuracy) },
        ],
        {
          title: name,
          ...(keptEpoch !== null && { mark: { x: keptEpoch, name: `kept: epoch ${keptEpoch}` } }),
        },
      );
      return { name: `curves_${fileName(name)}`, png };
    });
  const bars = masks
    .filter(({ kind, regions }) => kind === 'group' && regions.length > 0)
    .map(({ name, regions }) => ({
      name: `regions_${fileName(name)}`,
      png: renderBars(
        regions.map((region) => ({
          name: region.name,
          value: region.density,
          ...(planted && { planted: planted.includes(region.name) }),
        })),
        { title: name },
      ),
    }));
  const heatMaps = matrices.map(({ name, title, caption, rows, columns, values }) => ({
    name,
    png: renderHeatMap({ title, caption, rows, columns, values }),
  }));
  return [
    ...(answerPicture ? [answerPicture] : []),
    ...sheets,
    ...mosaics,
    ...glassBrains,
    ...otherPictures,
    ...curves,
    ...bars,
    ...heatMaps,
  ];
}

/** A text as a file's name. */
export function fileName(text: string): string {
  return text.replace(/[^\w.=-]+/g, '-').replace(/^-+|-+$/g, '') || 'x';
}

/**
 * Writes a report, and its numbers and pictures beside it. Those of an earlier one, which may have shown more, are removed
 * first; what else is in the folder stays.
 *
 * @throws InputError when something that is not of a report is in the place of a file; nothing is changed then
 */
export function writeReportFiles(
  html: { readonly file: string; readonly content: string },
  data: ReportData,
  overwrite: boolean | null,
): { tables: number; pictures: number } {
  const folder = sideFolder(html.file);
  const tables = tablesOf(data);
  const pictures = picturesOf(data);
  const files = new Map<string, string | Uint8Array>([
    ...tables.map((table) => [`${fileName(table.name)}.tsv`, formatted(table)] as const),
    ...pictures.map(({ name, png }) => [`${fileName(name)}.png`, png] as const),
    [numbersName, numbersOf(data)],
  ]);
  const output = openReport(html.file, overwrite);
  try {
    output.require([path.resolve(html.file), ...files.keys()]);
    output.removeAll({ keep: [path.resolve(html.file)] });
    for (const [name, content] of files) writeFileAtomic(path.join(folder, name), content);
    output.write(path.resolve(html.file), Buffer.from(html.content));
  } finally {
    output.close();
  }
  return { tables: tables.length, pictures: pictures.length };
}

function formatted({ columns, rows }: NumberTable): string {
  const records = rows.map((row) => Object.fromEntries(columns.map((column, i) => [column, row[i]])));
  return formatTable(columns, records);
}
