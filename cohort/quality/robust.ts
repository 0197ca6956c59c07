/** Scale of the median absolute deviation (and of the mean one) to a normal distribution's standard deviation. */
const medianScale = 1.482602218505602;
const meanScale = 1.2533141373155001;

/** The middle value, or the mean of the two in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** The median absolute deviation from the median, scaled to a normal distribution's standard deviation. */
export function medianDeviation(values: readonly number[]): number {
  const center = median(values);
  return medianScale * median(values.map((value) => Math.abs(value - center)));
}

/**
 * The robust z-score beyond which one of `count` values stands out, where `z` is the limit among many. The median absolute
 * deviation of a few values varies by itself: of 12 normal ones 1.3 % exceed 3.5, of 200 only 0.07 %. With the limit raised by
 * 1 + 8 / count, it is 0.2 % at most from 8 values on.
 */
export function outlierLimit(z: number, count: number): number {
  return z * (1 + 8 / count);
}

/**
 * Robust z-scores: distance to the median in units of the median absolute deviation, scaled to a standard deviation. Where
 * more than half of the values are equal, that is 0 and the mean absolute deviation takes its place; where all are, every
 * score is 0.
 */
export function robustScores(values: readonly number[]): number[] {
  const center = median(values);
  const spread =
    medianDeviation(values) ||
    (meanScale * values.reduce((sum, value) => sum + Math.abs(value - center), 0)) / values.length;
  return values.map((value) => (spread > 0 ? (value - center) / spread : 0));
}
