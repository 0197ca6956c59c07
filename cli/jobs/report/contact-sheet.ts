import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readVolume } from '../../../cohort/nifti.ts';
import { compareText } from '../../../cohort/session.ts';
import type { Table } from '../../../cohort/table.ts';
import { renderContactSheet, type Thumbnail } from '../../../report/contact-sheet.ts';
import type { Picture } from '../../../report/page/data.ts';
import { attempt, type Context } from './context.ts';
import { reasonIn, reasonsOf } from './reasons.ts';
import type { Result } from './results.ts';
import type { Sealed, Shown } from './shown.ts';

const mostThumbnails = 60;
const typical = 10;
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
  const { say, from, anonymous } = context.identity;
  const slug = from((name: string) => name.replace(/\W+/g, '-'), cohort);
  const about = {
    name: say`contact-sheet_${slug}`,
    alt: say`Slices of the images of ${cohort}, the worst first, each with its verdict`,
    caption: say`${cohort}: the worst images first, then typical ones; a coronal and an axial slice of each, left is left.`,
  };
  if (!anonymous) return existsSync(file) ? { ...about, png: readFileSync(file) } : null;
  return attempt(context, say`an image of ${cohort}`, () => {
    const ordered = equalsByDiagnosis(rows);
    const bad = ordered.filter((row) => row.verdict !== 'accepted').slice(0, mostThumbnails - typical);
    const shown = [...bad, ...ordered.filter((row) => row.verdict === 'accepted').slice(-typical)];
    const thumbnails = shown.map((row) => () => thumbnail(context, result, row));
    const title = say`Quality check: ${rows.length} images`;
    return { ...about, png: from(renderContactSheet, title, shown.length, each(thumbnails)) };
  });
}

/** The rows as they stand, the worst first; equals, which stand by name, by their diagnosis instead. */
function equalsByDiagnosis(rows: readonly Row[]): Row[] {
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
