import path from 'node:path';
import { InputError } from '../../../cohort/error.ts';
import { type Finding, findings } from '../../../report/page/answer.ts';
import type { ReportData } from '../../../report/page/data.ts';
import { renderReport } from '../../../report/page/document.ts';
import type { CommandOptions } from '../../command-options.ts';
import { voxmaskVersion } from '../../versions.ts';
import { readChecks } from './checks.ts';
import { readDemographics, readQuality, readSplits } from './cohorts.ts';
import { readMatrices, readSummaries } from './comparisons.ts';
import { type Context, openFolder } from './context.ts';
import { readGridPoints } from './grids.ts';
import { refuseLeaks } from './leaks.ts';
import { readMasks } from './masks.ts';
import { methodsText } from './methods/index.ts';
import { readAccuracies, readClasses, readTrainings } from './networks.ts';
import { readOutliers } from './outliers.ts';
import { readPictures } from './pictures.ts';
import { readPlantedRegions } from './planted.ts';
import type { Sealed } from './shown.ts';
import { requireReport, sideFolder, writeReportFiles } from './side-files.ts';
import { readUnits } from './units.ts';
import { addWarnings } from './warnings.ts';

/** The report's file in the folder that it is of. */
export const reportName = 'report.html';

export interface ReportOptions {
  /** folder of a study, a demo, or any results */
  readonly directory: string;
  /** the HTML file; `report.html`, or `report-anonymous.html`, in the folder when null */
  readonly out: string | null;
  /** the options of every command, by which an anonymous report tells numbers from names; null for an open report */
  readonly anonymous: CommandOptions | null;
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
 * @throws LeakError when a text got into an anonymous report as it stands in a file; nothing is written then
 */
export function writeReport(options: ReportOptions): ReportResult {
  const { directory, anonymous } = options;
  const out = options.out ?? path.join(directory, anonymous ? 'report-anonymous.html' : reportName);
  if (!/\.html?$/i.test(out))
    throw new InputError(out, 'does not end in .html', 'Give the name of an HTML file with --out');
  const context = openFolder(directory, anonymous);
  requireReport(out, options.overwrite);
  const data = readReport(context, options);
  if (anonymous) refuseLeaks(data, context.identity);
  const html = renderReport(data);
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

function readReport(context: Context, { background }: ReportOptions): Sealed<ReportData> {
  const { title, say, date, machine, className, anonymous } = context.identity;
  const classes = readClasses(context);
  const units = readUnits(context);
  const found = readMasks(context);
  const demographics = readDemographics(context, classes);
  const quality = readQuality(context);
  const trainings = readTrainings(context);
  const accuracies = readAccuracies(context);
  const planted = readPlantedRegions(context);
  const pictures = readPictures(context, found, background);
  const grid = pictures.viewer?.grid ?? null;
  const summaries = readSummaries(context);
  addWarnings(context, { planted, quality, accuracies, trainings, masks: found, summaries, grid });
  return {
    title: context.study ? title(context.study.name) : say`voxmask report`,
    version: machine(voxmaskVersion()),
    madeAt: date(new Date()),
    anonymous,
    classes: classes.map(className),
    units,
    demographics,
    quality,
    outliers: readOutliers(context, found),
    splits: readSplits(context),
    trainings,
    accuracies,
    masks: found.map(({ result: _, file: _1, marks: _2, ...mask }) => mask),
    summaries,
    matrices: readMatrices(context),
    gridPoints: readGridPoints(context),
    checks: readChecks(context),
    planted,
    answerPicture: pictures.answer,
    mosaics: pictures.mosaics,
    glassBrains: pictures.glassBrains,
    otherPictures: pictures.others,
    viewer: pictures.viewer,
    methods: methodsText(context, { masks: found, grid, demographics, quality }),
    warnings: context.warnings,
  };
}
