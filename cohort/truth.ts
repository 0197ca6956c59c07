import type { Atlas } from './atlas.ts';
import { InputError } from './error.ts';

import { listed } from './listed.ts';
import { readInputJson } from './read-file.ts';

/**
 * The regions where a simulated cohort has lost gray matter: of all its AD participants, or of any subtype.
 *
 * @param path truth.json
 * @throws InputError when the file cannot be read or is no such file
 */
export function readPlanted(path: string): string[] {
  const { atrophiedRegions } = readInputJson(path, 'Give the truth.json of a simulated cohort');
  const names = Array.isArray(atrophiedRegions) && atrophiedRegions.every((name) => typeof name === 'string');
  if (names && atrophiedRegions.length > 0) return atrophiedRegions;
  throw new InputError(
    path,
    'does not say where atrophy was planted (atrophiedRegions)',
    'Give the truth.json of a simulated cohort with atrophy',
  );
}

/**
 * The voxels of these regions.
 *
 * @returns 1 inside, 0 outside, per voxel of the atlas's grid
 * @throws InputError for a region that the atlas does not have, or when none of them has a voxel
 */
export function plantedVoxels(atlas: Atlas, names: readonly string[]): Uint8Array {
  const where = atlas.path ?? 'atlas';
  const known = new Set(atlas.regions.map(({ name }) => name));
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new InputError(
      where,
      `has no region ${listed(unknown)}, where atrophy was planted`,
      'Give the atlas that the cohort was simulated with',
    );
  }
  const planted = new Set(names);
  const values = new Set(atlas.regions.filter(({ name }) => planted.has(name)).map(({ value }) => value));
  const inside = Uint8Array.from(atlas.labels, (label) => Number(values.has(label)));
  if (inside.includes(1)) return inside;
  throw new InputError(
    where,
    'has no voxel in the regions of the planted atrophy',
    'Give an atlas of finer voxels',
  );
}
