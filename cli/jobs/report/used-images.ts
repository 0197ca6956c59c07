import { existsSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../../../cohort/error.ts';
import { readTable, type Table } from '../../../cohort/table.ts';
import { splitName } from '../../../model/model-folder.ts';
import { type Context, locate, resultsOf } from './context.ts';
import { trainingResults } from './networks.ts';
import type { Result } from './results.ts';

/** An image as the records name it. */
export interface UsedImage {
  readonly participantId: string;
  readonly sessionId: string;
  readonly diagnosis: string;
  /** absolute; null where no table of the cohort tells it */
  readonly file: string | null;
}

/** The images that networks were trained or validated on, by the records of their trainings. */
export interface TrainedImages {
  readonly images: readonly UsedImage[];
  /** trainings whose record of images is missing or cannot be read */
  readonly unrecorded: number;
}

/** An image of a quality check, and what became of it. */
export interface CheckedImage extends UsedImage {
  readonly verdict: string;
}

/** Each image once, from `split.tsv` beside each network, which lists what it was trained and validated on. */
export function trainedImages(context: Context): TrainedImages {
  const images = new Map<string, UsedImage>();
  let unrecorded = 0;
  for (const result of trainingResults(context)) {
    const rows = tableRows(path.join(result.folder, splitName));
    if (!rows) {
      unrecorded++;
      continue;
    }
    const files = filesOf(context, result);
    for (const row of rows.filter(({ set }) => set === 'train' || set === 'validation')) {
      const key = keyOf(row);
      const image = imageOf(row, files.get(key) ?? null);
      images.set(`${image.file ?? ''}\0${key}`, image);
    }
  }
  return { images: [...images.values()], unrecorded };
}

/** The images of a quality check with their verdicts; null where its table is missing or cannot be read. */
export function checkedImages(context: Context, check: Result): CheckedImage[] | null {
  const rows = tableRows(path.join(check.folder, 'check.tsv'));
  return (
    rows?.map((row) => ({
      ...imageOf(row, locate(context, row.path, check.folder)),
      verdict: row.verdict,
    })) ?? null
  );
}

/** The participants of a test set that was drawn; null where its table is missing or cannot be read. */
export function testParticipants(test: Result): Set<string> | null {
  const rows = tableRows(path.join(test.folder, 'test.tsv'));
  return rows && new Set(rows.map((row) => row.participant_id));
}

/** Those of the images that are among others: the same file, or the same session where either's file is not known. */
export function among<T extends UsedImage>(images: readonly T[], others: readonly UsedImage[]): T[] {
  const files = new Set(others.map(({ file }) => file));
  const keys = new Map<string, UsedImage[]>();
  for (const other of others) keys.set(nameOf(other), [...(keys.get(nameOf(other)) ?? []), other]);
  return images.filter(
    (image) =>
      (image.file !== null && files.has(image.file)) ||
      keys.get(nameOf(image))?.some(({ file }) => file === null || image.file === null),
  );
}

/** The cohort's images by session, from the table that a training read. */
function filesOf(context: Context, { options, folder }: Result): Map<string, string | null> {
  const table = locate(context, options.cohort, folder);
  const rows = table ? tableRows(table) : null;
  return new Map(
    (rows ?? []).map((row) => [keyOf(row), table && locate(context, row.path, path.dirname(table))]),
  );
}

function imageOf(row: Table['rows'][number], file: string | null): UsedImage {
  const { participant_id: participantId, session_id: sessionId, diagnosis } = row;
  return { participantId, sessionId, diagnosis, file };
}

function keyOf(row: Table['rows'][number]): string {
  return `${row.participant_id}\0${row.session_id}`;
}

function nameOf({ participantId, sessionId }: UsedImage): string {
  return `${participantId}\0${sessionId}`;
}

/** Rows of a table; null where there is none or it is damaged, which the section that shows it says. */
function tableRows(file: string): Table['rows'] | null {
  if (!existsSync(file)) return null;
  try {
    return readTable(file).rows;
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}

/** The quality checks of a folder, each with its images. */
export function qualityChecks(context: Context): { check: Result; images: CheckedImage[] }[] {
  return resultsOf(context, 'cohort check').flatMap((check) => {
    const images = checkedImages(context, check);
    return images ? [{ check, images }] : [];
  });
}
