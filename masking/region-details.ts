import type { Atlas } from '../cohort/atlas.ts';
import { type Grid, toWorld, voxelVolume } from '../cohort/volume.ts';
import { type RegionUse, regionUse } from './regions.ts';
import { THRESHOLD } from './threshold.ts';

/** A region's use by a mask, with what a table of results tells. */
export interface RegionDetail extends RegionUse {
  /** mm3 of its voxels whose m is at or below 0.95 */
  readonly touchedVolume: number;
  /** where 1 - m is highest (of equals the first voxel); null in a region that the mask leaves alone */
  readonly peak: Peak | null;
}

export interface Peak {
  /** 1 - m */
  readonly value: number;
  /** the voxel's center in mm: right, anterior, superior; MNI coordinates if the atlas is in MNI space */
  readonly at: readonly [x: number, y: number, z: number];
}

/** All that a mask does, region by region and outside of them. */
export interface MaskRegions {
  /** in the atlas's order */
  readonly regions: readonly RegionDetail[];
  /** sum of 1 - m over all voxels */
  readonly total: number;
  /** share of that sum that lies in no region; null for an empty mask */
  readonly outsideShare: number | null;
  /** mm3 of all voxels whose m is at or below 0.95 */
  readonly touchedVolume: number;
}

/**
 * Measures a mask over an atlas (docs/method.md, metrics).
 *
 * @param mask m on the atlas's grid, x slowest and z fastest
 */
export function regionDetails(mask: Float32Array, atlas: Atlas): MaskRegions {
  const known = new Set(atlas.regions.map(({ value }) => value));
  const touched = new Map<number, number>();
  const peaks = new Map<number, { value: number; voxel: number }>();
  let [total, outside, touchedVoxels] = [0, 0, 0];
  atlas.labels.forEach((label, voxel) => {
    const hidden = 1 - mask[voxel];
    const isTouched = mask[voxel] <= THRESHOLD;
    total += hidden;
    touchedVoxels += Number(isTouched);
    if (!known.has(label)) {
      outside += hidden;
      return;
    }
    if (isTouched) touched.set(label, (touched.get(label) ?? 0) + 1);
    if (hidden > (peaks.get(label)?.value ?? 0)) peaks.set(label, { value: hidden, voxel });
  });
  const volume = voxelVolume(atlas.grid);
  const regions = regionUse(mask, atlas).map((use): RegionDetail => {
    const peak = peaks.get(use.region.value);
    return {
      ...use,
      touchedVolume: volume * (touched.get(use.region.value) ?? 0),
      peak: peak ? { value: peak.value, at: centerOf(atlas.grid, peak.voxel) } : null,
    };
  });
  return {
    regions,
    total,
    outsideShare: total > 0 ? outside / total : null,
    touchedVolume: volume * touchedVoxels,
  };
}

function centerOf(grid: Grid, voxel: number): [number, number, number] {
  const [, ny, nz] = grid.shape;
  return toWorld(grid, Math.floor(voxel / (ny * nz)), Math.floor(voxel / nz) % ny, voxel % nz);
}
