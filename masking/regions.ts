import type { Atlas, Region } from '../cohort/atlas.ts';

/** How much of a mask falls into one region of an atlas. */
export interface RegionUse {
  readonly region: Region;
  readonly voxels: number;
  /** mean of 1 - m over the region; 0 for a region without voxels */
  readonly density: number;
  /** sum of 1 - m over the region */
  readonly sum: number;
}

/**
 * The ROI vector of a mask (paper, section 2.4; docs/method.md, metrics): each region's mean and sum of 1 - m, in the
 * atlas's order.
 *
 * @param mask on the atlas's grid, x slowest and z fastest
 */
export function regionUse(mask: Float32Array, atlas: Atlas): RegionUse[] {
  const sums = new Map<number, { voxels: number; sum: number }>(
    atlas.regions.map(({ value }) => [value, { voxels: 0, sum: 0 }]),
  );
  atlas.labels.forEach((label, u) => {
    const entry = sums.get(label);
    if (!entry) return;
    entry.voxels += 1;
    entry.sum += 1 - mask[u];
  });
  return atlas.regions.map((region) => {
    const { voxels, sum } = sums.get(region.value)!;
    return { region, voxels, density: voxels > 0 ? sum / voxels : 0, sum };
  });
}

/** The regions of highest density, highest first. */
export function topRegions(use: readonly RegionUse[], count: number): RegionUse[] {
  return [...use].sort((a, b) => b.density - a.density).slice(0, count);
}
