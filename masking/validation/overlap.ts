import { THRESHOLD } from '../threshold.ts';

/** How well a map agrees with voxels that are known to matter. A value is null where it is not defined. */
export interface Overlap {
  /** share of the touched voxels (m at or below 0.95) that are true ones; null when none is touched */
  readonly precision: number | null;
  /** share of the true voxels that are touched */
  readonly recall: number;
  /** 2 |both| / (|touched| + |true|) */
  readonly dice: number;
  /** precision (and recall) of as many of the strongest voxels as there are true ones; equals count in part */
  readonly atSize: number;
  /** precision averaged over recall, over all thresholds (the area under the precision-recall curve, as steps) */
  readonly averagePrecision: number;
  /** share of all voxels that are true: the precision of chance */
  readonly chance: number;
}

/**
 * A mask (or an attribution map in its form) against the truth.
 *
 * @param mask  m per voxel
 * @param truth 1 where a voxel is known to matter, at least once
 */
export function overlap(mask: Float32Array, truth: Uint8Array): Overlap {
  const total = truth.reduce((sum, value) => sum + value, 0);
  let touched = 0;
  let both = 0;
  mask.forEach((value, u) => {
    if (value > THRESHOLD) return;
    touched++;
    both += truth[u];
  });
  return {
    precision: touched > 0 ? both / touched : null,
    recall: both / total,
    dice: (2 * both) / (touched + total),
    ...ranked(mask, truth, total),
    chance: total / truth.length,
  };
}

/** What depends on the order alone. Voxels of one value are one step: none of them comes before another. */
function ranked(mask: Float32Array, truth: Uint8Array, total: number) {
  const order = Uint32Array.from(mask, (_, u) => u).sort((a, b) => mask[a] - mask[b]);
  let [taken, found, averagePrecision, atSize] = [0, 0, 0, Number.NaN];
  for (let i = 0; i < order.length; ) {
    const from = i;
    let more = 0;
    for (const value = mask[order[from]]; i < order.length && mask[order[i]] === value; i++)
      more += truth[order[i]];
    if (Number.isNaN(atSize) && i >= total) atSize = (found + (more * (total - taken)) / (i - from)) / total;
    taken = i;
    found += more;
    averagePrecision += (more / total) * (found / taken);
  }
  return { averagePrecision, atSize };
}
