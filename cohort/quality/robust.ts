/** Scale of the median absolute deviation (and of the mean one) to a normal distribution's standard deviation. */
const medianScale = 1.482602218505602;
const meanScale = 1.2533141373155001;

/** The middle value, or the mean of the two in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/**
 * Robust z-scores: distance to the median in units of the median absolute deviation, scaled to a standard deviation. Where
 * more than half of the values are equal, that is 0 and the mean absolute deviation takes its place; where all are, every
 * score is 0.
 */
export function robustScores(values: readonly number[]): number[] {
  const center = median(values);
  const deviations = values.map((value) => Math.abs(value - center));
  const spread =
    medianScale * median(deviations) ||
    (meanScale * deviations.reduce((sum, deviation) => sum + deviation, 0)) / values.length;
  return values.map((value) => (spread > 0 ? (value - center) / spread : 0));
}
