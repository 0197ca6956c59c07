import path from 'node:path';
import { writeFileAtomic } from '../cohort/files.ts';
import { readingNotes } from '../cohort/reading-notes.ts';
import { type Versions, versions } from './versions.ts';

/** What is told about a run beside its results, so that it can be understood and repeated. */
export interface Sidecar {
  /** As "train" or "mask group". */
  readonly command: string;
  /** Every option as it took effect, defaults included. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly seed: number | null;
  /** The GPU, as the driver describes it. */
  readonly adapter?: unknown;
  readonly startedAt: Date;
  readonly finishedAt: Date;
  /** Wall time in seconds when it is not simply the difference of the two times (a resumed run). */
  readonly seconds?: number;
  /** The most GPU memory held at once. */
  readonly peakBytes?: number;
  /** What came out, in numbers, and what was noticed on the way. */
  readonly results?: Readonly<Record<string, unknown>>;
  /** Taken from the installed packages when not given. */
  readonly versions?: Versions;
}

/**
 * Writes `name`.json into a results folder: the run's options, versions, machine and times.
 *
 * @returns the path of the file
 * @throws InputError when the folder cannot be written
 */
export function writeSidecar(directory: string, name: string, sidecar: Sidecar): string {
  const { command, options, seed, adapter, startedAt, finishedAt, peakBytes, results } = sidecar;
  const assumptions = readingNotes();
  const content = {
    command,
    options,
    seed,
    argv: process.argv.slice(2),
    versions: sidecar.versions ?? versions(),
    platform: { os: process.platform, architecture: process.arch },
    adapter: adapter ?? null,
    startedAt: startedAt.toISOString(),
    finishedAt: finishedAt.toISOString(),
    seconds: sidecar.seconds ?? (finishedAt.getTime() - startedAt.getTime()) / 1000,
    peakBytes: peakBytes ?? null,
    ...(assumptions.length > 0 && { assumptions }),
    ...(results && { results }),
  };
  const file = path.join(directory, `${name}.json`);
  writeFileAtomic(file, `${JSON.stringify(content, null, 2)}\n`);
  return file;
}
