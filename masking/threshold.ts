/** Above this a mask value counts as untouched (paper, section 2.3). */
export const THRESHOLD = 0.95;

/** The thresholded mask: every value above 0.95 becomes 1. */
export function thresholded(mask: Float32Array): Float32Array {
  return mask.map((value) => (value > THRESHOLD ? 1 : value));
}
