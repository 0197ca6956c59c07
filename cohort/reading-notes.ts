import { listed } from './listed.ts';

/** What reading a file can take for granted, as the messages say it. */
const sentences = {
  metre: 'positions in metres (xyzt_units), converted to mm',
  micron: 'positions in micrometres (xyzt_units), converted to mm',
  transforms: 'sform and qform place the image differently; the sform was taken',
  qform: 'damaged qform (its code, quaternion, offset or voxel sizes); the sform was taken',
  slope: 'scl_slope is 0 beside an intercept; nothing was scaled',
  range: 'values beyond 0 to 1, where gray-matter probabilities are expected; taken as they are',
  nan: 'NaN voxels, read as 0',
} as const;

export type ReadingNote = keyof typeof sentences;

/** One assumption, and the files that it was made for. */
export interface Assumption {
  readonly what: string;
  readonly count: number;
  /** The first of them. */
  readonly files: readonly string[];
}

const mostFiles = 10;
const noted = new Map<ReadingNote, Set<string>>();

/**
 * Remembers what was assumed about a file, once however often it is read. Notes belong to the process, as each command
 * is one: whatever reads a file, the command says it at its end and its sidecar lists it.
 */
export function noteReading(note: ReadingNote, file: string): void {
  noted.set(note, (noted.get(note) ?? new Set()).add(file));
}

/** Remembers that an image has NaN voxels, which reading turns into 0, where there are any. */
export function noteNaN(file: string, voxels: number): void {
  if (voxels > 0) noteReading('nan', `${file} (${voxels} ${voxels === 1 ? 'voxel' : 'voxels'})`);
}

/** Remembers what was taken for granted about an image's values: NaN voxels, and values that are no probabilities. */
export function noteValues(file: string, { nanCount, beyond }: { nanCount: number; beyond: boolean }): void {
  noteNaN(file, nanCount);
  if (beyond) noteReading('range', file);
}

/** All that was noted since the last `forgetReadings`. */
export function readingNotes(): Assumption[] {
  // In the order of the sentences: threads come to an end in any order.
  return (Object.keys(sentences) as ReadingNote[]).flatMap((note) => {
    const files = [...(noted.get(note) ?? [])];
    if (files.length === 0) return [];
    return [{ what: sentences[note], count: files.length, files: files.slice(0, mostFiles) }];
  });
}

/** For standard error: a line per assumption, with the file or how many there are. */
export function describeNotes(): string {
  return readingNotes()
    .map(({ what, count, files }) =>
      count === 1
        ? `${files[0]}: ${what}\n`
        : `${count} images: ${what} (${listed(files, ', ', 3, count)})\n`,
    )
    .join('');
}

/** Starts anew, as a command does. */
export function forgetReadings(): void {
  noted.clear();
}
