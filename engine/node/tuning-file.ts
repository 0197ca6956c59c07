import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { kernels } from '../../kernels/index.ts';
import { GpuError } from '../errors.ts';
import type { Tuning } from '../tuning.ts';
import { cachedFile, cachedFileFor } from './cache-folder.ts';

/** What a tuning belongs to: another driver, or other kernels, are tuned anew. */
export interface TunedAdapter {
  readonly name: string;
  readonly driver: string;
}

/**
 * The tuning that was measured for an adapter with this version's kernels; null where none was.
 *
 * @throws GpuError when the file is not one, naming it
 */
export function readTuning(adapter: TunedAdapter): Tuning | null {
  const file = cachedFile(fileName(adapter));
  if (file === null) return null;
  try {
    const { tuning } = JSON.parse(readFileSync(file, 'utf8'));
    const { weightLanes, productVoxels, tiles, parallelGroups } = tuning;
    for (const value of [weightLanes, productVoxels, tiles, parallelGroups])
      if (!Number.isInteger(value) || value < 0) throw new Error('a value is missing or no whole number');
    return { weightLanes, productVoxels, tiles, parallelGroups };
  } catch (error) {
    throw new GpuError(`${file} is not a tuning of voxmask (${(error as Error).message}). Delete it.`);
  }
}

/** Keeps a tuning for later runs on the same adapter. @returns the file's path */
export function writeTuning({ name, driver }: TunedAdapter, tuning: Tuning): string {
  const content = { adapter: { name, driver }, tuning };
  return cachedFileFor(fileName({ name, driver }), `${JSON.stringify(content, null, 2)}\n`);
}

/** Forgets an adapter's tuning. @returns whether there was one */
export function forgetTuning(adapter: TunedAdapter): boolean {
  const file = cachedFile(fileName(adapter));
  if (file !== null) rmSync(file);
  return file !== null;
}

function fileName({ name, driver }: TunedAdapter): string {
  const hash = createHash('sha256').update(JSON.stringify([name, driver, kernels]));
  return `tuning-${hash.digest('hex').slice(0, 16)}.json`;
}
