import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { kernels } from '../../kernels/index.ts';
import { GpuError } from '../errors.ts';
import type { Tuning } from '../tuning.ts';
import { readCached, writeCached } from './cache-folder.ts';

/** What a tuning belongs to: another driver, or other kernels, are tuned anew. */
export interface TunedAdapter {
  readonly name: string;
  readonly driver: string;
}

/**
 * The tuning that was measured for an adapter with this version's kernels; null where none was.
 *
 * @param onRefused is called with the reason why a tuning that is there is not used: others could have written it
 * @throws GpuError when the file is not a tuning, naming it
 */
export function readTuning(adapter: TunedAdapter, onRefused?: (why: string) => void): Tuning | null {
  const file = readCached(fileName(adapter), onRefused);
  if (file === null) return null;
  try {
    const { tuning } = JSON.parse(file.content.toString('utf8'));
    const { weightLanes, productVoxels, tiles, parallelGroups } = tuning;
    for (const value of [weightLanes, productVoxels, tiles, parallelGroups])
      if (!Number.isInteger(value) || value < 0) throw new Error('a value is missing or not a whole number');
    return { weightLanes, productVoxels, tiles, parallelGroups };
  } catch (error) {
    throw new GpuError(`${file.path} is not a tuning of voxmask (${(error as Error).message}). Delete it.`);
  }
}

/** Keeps a tuning for later runs on the same adapter. @returns the file's path */
export function writeTuning({ name, driver }: TunedAdapter, tuning: Tuning): string {
  const content = { adapter: { name, driver }, tuning };
  return writeCached(fileName({ name, driver }), `${JSON.stringify(content, null, 2)}\n`);
}

/** Forgets an adapter's tuning. @returns whether there was one */
export function forgetTuning(adapter: TunedAdapter): boolean {
  const file = readCached(fileName(adapter));
  if (file !== null) rmSync(file.path);
  return file !== null;
}

function fileName({ name, driver }: TunedAdapter): string {
  const hash = createHash('sha256').update(JSON.stringify([name, driver, kernels]));
  return `tuning-${hash.digest('hex').slice(0, 16)}.json`;
}
