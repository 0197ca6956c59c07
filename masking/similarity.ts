import type { RegionUse } from './regions.ts';

/** What of a region goes into a mask's vector: the mean of 1 - m over it, or the sum. */
export const regionMeasures = ['density', 'sum'] as const;
export type RegionMeasure = (typeof regionMeasures)[number];

/**
 * ROI similarity of two masks: the cosine of their region vectors (paper, section 2.4).
 *
 * @param a use of every region of an atlas by the first mask
 * @param b the same by the second, in the same order
 * @returns from 0 to 1; null where a mask is empty, for no angle is defined then
 */
export function roiSimilarity(
  a: readonly RegionUse[],
  b: readonly RegionUse[],
  measure: RegionMeasure = 'density',
): number | null {
  if (a.length !== b.length || a.some(({ region }, i) => region.value !== b[i].region.value)) {
    throw new Error('The two masks were measured over different regions.');
  }
  const dot = (p: readonly RegionUse[], q: readonly RegionUse[]) =>
    p.reduce((sum, use, i) => sum + use[measure] * q[i][measure], 0);
  const norms = Math.sqrt(dot(a, a)) * Math.sqrt(dot(b, b));
  return norms > 0 ? Math.min(1, dot(a, b) / norms) : null;
}
