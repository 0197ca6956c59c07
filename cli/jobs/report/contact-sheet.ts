import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Verdict } from '../../../cohort/quality/check.ts';
import { compareText } from '../../../cohort/session.ts';
import type { Table } from '../../../cohort/table.ts';
import type { Grid } from '../../../cohort/volume.ts';
import { renderContactSheet, type Thumbnail } from '../../../report/contact-sheet.ts';
import type { Picture } from '../../../report/page/data.ts';
import { onSheet, type Place, sheetAbout, sheetImage } from '../check-sheet.ts';
import { attempt, type Context } from './context.ts';
import { reasonCodes, reasonsOf } from './reasons.ts';
import type { Result } from './results.ts';
import type { Sealed, Shown } from './shown.ts';

const verdicts = ['rejected', 'flagged', 'accepted'] as const;
type Row = Table['rows'][number];

/** The sheet as it was drawn; drawn anew, without names, where the report is anonymous. */
export function sheetOf(
  context: Context,
  result: Result,
  rows: Table['rows'],
  cohort: Shown,
): Sealed<Picture> | null {
  const file = path.join(result.folder, 'contact-sheet.png');
  const { say, own, from, anonymous } = context.identity;
  const slug = from((name: string) => name.replace(/\W+/g, '-'), cohort);
  const about = {
    name: say`contact-sheet_${slug}`,
    alt: say`Slices of the images of ${cohort}, the worst first, each with its verdict`,
    caption: say`${cohort}: the worst images first, then accepted ones, some drawn at random and some typical; a coronal, an axial and a sagittal slice of each, left is left.`,
  };
  if (!anonymous) return existsSync(file) ? { ...about, png: readFileSync(file) } : null;
  return attempt(context, say`an image of ${cohort}`, () => {
    const shown = onSheet(equalsByDiagnosis(rows).map((row) => ({ row, verdict: verdictOf(row) })));
    const thumbnails = shown.map((place) => thumbnail(context, result, place));
    const [sheetLine] = own(sheetAbout);
    const title = say`Quality check: ${rows.length} images`;
    return { ...about, png: from(renderContactSheet, title, sheetLine, thumbnails) };
  });
}

/** The rows as they stand, the worst first; equals, which stand by name, by their diagnosis instead. */
function equalsByDiagnosis(rows: readonly Row[]): Row[] {
  const measures = (row: Row) => {
    const { participant_id: _, session_id: _1, diagnosis: _2, path: _3, reasons: _4, ...measured } = row;
    return JSON.stringify([measured, reasonCodes(row)]);
  };
  const keys = rows.map(measures);
  return rows
    .map((row, i) => ({ row, place: keys.indexOf(keys[i]) }))
    .sort((a, b) => a.place - b.place || compareText(a.row.diagnosis, b.row.diagnosis))
    .map(({ row }) => row);
}

function verdictOf(row: Row): Verdict {
  return verdicts.find((verdict) => verdict === row.verdict) ?? 'flagged';
}

function thumbnail(
  context: Context,
  { folder }: Result,
  { image: { row, verdict }, as }: Place<{ readonly row: Row; readonly verdict: Verdict }>,
): Sealed<Thumbnail> {
  const { say, own, participant, session, className, figures } = context.identity;
  const file = path.resolve(folder, row.path);
  const readable = row.maximum !== 'n/a' && existsSync(file);
  const [who, when] = [participant(row.participant_id), session(row.participant_id, row.session_id)];
  const [maximum, r, volume] = [row.maximum, row.correlation, row.gray_matter_ml].map(figures);
  return {
    verdict,
    note: as === 'doubtful' ? undefined : own(as)[0],
    caption: [
      say`${who} ${when} ${className(row.diagnosis)}`,
      say`max ${maximum}, r ${r}, ${volume} ml`,
      ...reasonsOf(context, row),
    ],
    image: () =>
      readable ? sheetImage(file, Number(row.scale) || 1, ({ grid }) => slicesOf(row, grid)) : null,
  };
}

/** The slices that the check chose; null where it chose none, or an older one did not record them. */
function slicesOf({ slices = '' }: Row, { shape }: Grid): [number, number, number] | null {
  const found = slices.split(',').map(Number);
  const fit =
    found.length === 3 && found.every((at, axis) => Number.isInteger(at) && at >= 0 && at < shape[axis]);
  return fit ? [found[0], found[1], found[2]] : null;
}
