/** Full scales that maps of probabilities are stored on: percent, 8 bits, per mille, 12, 15 and 16 bits. */
const scales = [100, 255, 1000, 4095, 10_000, 32_767, 65_535];

/**
 * Modulation multiplies a probability by how much the voxel grew in normalisation, a few times at most; higher values have
 * another cause.
 */
const mostModulated = 10;

/** A sound map of probabilities has its maximum at 1 or just below, and so has one on another scale at that scale. */
const lowestPeak = 0.9;
const rounding = 1.001;

/** What a map's values are, by their maximum. */
export type ValueRange =
  | { readonly kind: 'probabilities' | 'modulated'; readonly scale: 1 }
  /** `scale` is what to divide by */
  | { readonly kind: 'scaled' | 'not-probabilities'; readonly scale: number };

/** @param maximum of all voxels */
export function valueRange(maximum: number): ValueRange {
  if (maximum <= rounding) return { kind: 'probabilities', scale: 1 };
  if (maximum <= mostModulated) return { kind: 'modulated', scale: 1 };
  const scale = scales.find((full) => maximum >= lowestPeak * full && maximum <= rounding * full);
  return scale === undefined ? { kind: 'not-probabilities', scale: maximum } : { kind: 'scaled', scale };
}
