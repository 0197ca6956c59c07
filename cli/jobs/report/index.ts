import path from 'node:path';
import { InputError } from '../../../cohort/error.ts';
import { type Finding, findings } from '../../../report/page/answer.ts';
import type { ReportData } from '../../../report/page/data.ts';
import { renderReport } from '../../../report/page/document.ts';
import { voxmaskVersion } from '../../versions.ts';
import { readDemographics, readQuality, readSplits } from './cohorts.ts';
import { readChecks, readGridPoints, readMatrices, readSummaries } from './comparisons.ts';
import { type Context, openFolder } from './context.ts';
import { readMasks } from './masks.ts';
import { methodsText } from './methods.ts';
import { readAccuracies, readClasses, readTrainings } from './networks.ts';
import { readOutliers } from './outliers.ts';
import { readPictures } from './pictures.ts';
import { readPlantedRegions } from './planted.ts';
import { numbersOf, requireReport, sideFolder, tablesOf, writeReportFiles } from './side-files.ts';
import { readUnits } from './units.ts';
import { addWarnings } from './warnings.ts';

/** The report's file in the folder that it is of. */
export const reportName = 'report.html';

export interface ReportOptions {
  /** folder of a study, a demo, or any results */
  readonly directory: string;
  /** the HTML file; `report.html`, or `report-anonymous.html`, in the folder when null */
  readonly out: string | null;
  readonly anonymous: boolean;
  /** an image to show behind the masks too, such as a T1 template; null for the mean gray matter alone */
  readonly background: string | null;
  /** replaces a report that was changed since it was written; null where that cannot be asked for */
  readonly overwrite: boolean | null;
}

export interface ReportResult {
  readonly findings: readonly Finding[];
  readonly units: Readonly<Record<'done' | 'failed' | 'missing', number>>;
  readonly warnings: ReportData['warnings'];
  readonly tables: number;
  readonly pictures: number;
  readonly paths: { readonly report: string; readonly files: string };
}

/**
 * Writes a report of a folder's results: one HTML file, and beside it a folder with its numbers and pictures. What is missing
 * or cannot be read is said in it.
 *
 * @throws InputError when the folder holds no results, something else is in the report's place, or a background cannot be read
 */
export function writeReport(options: ReportOptions): ReportResult {
  const { directory, anonymous } = options;
  const out = options.out ?? path.join(directory, anonymous ? 'report-anonymous.html' : reportName);
  if (!/\.html?$/i.test(out))
    throw new InputError(out, 'does not end in .html', 'Give the name of an HTML file with --out');
  const context = openFolder(directory, anonymous);
  requireReport(out, options.overwrite);
  const data = readReport(context, options);
  const html = renderReport(data);
  refuseSecrets(context, data, html);
  const counts = writeReportFiles({ file: out, content: html }, data, options.overwrite);
  const standing = (status: 'done' | 'failed' | 'missing') =>
    data.units.filter((unit) => unit.status === status).length;
  return {
    findings: findings(data),
    units: { done: standing('done'), failed: standing('failed'), missing: standing('missing') },
    warnings: data.warnings,
    ...counts,
    paths: { report: out, files: sideFolder(out) },
  };
}

function readReport(context: Context, { anonymous, background }: ReportOptions): ReportData {
  const classes = readClasses(context);
  const found = readMasks(context);
  const demographics = readDemographics(context, classes);
  const quality = readQuality(context);
  const trainings = readTrainings(context);
  const accuracies = readAccuracies(context);
  const planted = readPlantedRegions(context);
  const pictures = readPictures(context, found, background);
  const grid = pictures.viewer?.grid ?? null;
  addWarnings(context, { planted, quality, accuracies, trainings, masks: found, grid });
  return {
    title: context.study ? context.identity.text(context.study.name) : 'voxmask report',
    version: voxmaskVersion(),
    madeAt: new Date().toISOString(),
    anonymous,
    classes,
    units: readUnits(context),
    demographics,
    quality,
    outliers: readOutliers(context, found),
    splits: readSplits(context),
    trainings,
    accuracies,
    masks: found.map(({ result: _, file: _1, ...mask }) => mask),
    summaries: readSummaries(context),
    matrices: readMatrices(context),
    gridPoints: readGridPoints(context),
    checks: readChecks(context),
    planted,
    answerPicture: pictures.answer,
    mosaics: pictures.mosaics,
    glassBrains: pictures.glassBrains,
    otherPictures: pictures.others,
    viewer: pictures.viewer,
    methods: methodsText(context, { masks: found, grid, demographics }),
    warnings: context.warnings,
  };
}

/** An anonymous report is not written with a participant, a path or a host in it. */
function refuseSecrets({ identity }: Context, data: ReportData, html: string): void {
  if (identity.secrets.length === 0) return;
  // Packed pictures and volumes are letters by chance; no text goes into them but through `identity`.
  const text = html.replace(/"(data:image\/png;base64,)?[A-Za-z0-9+/=]{200,}"/g, '""');
  const all = [text, numbersOf(data), JSON.stringify(tablesOf(data))].join('\n');
  const found = identity.secrets.find((secret) => all.includes(secret));
  if (found !== undefined)
    throw new Error(`the anonymous report would hold "${found}", so it was not written`);
}
