/**
 * An attribution map in the form of a mask: m = 1 - a / max a, where a is the positive part. So 1 - m is 0 where nothing
 * speaks for the class and 1 at the strongest voxel, and stands where 1 - m of a mask stands: in region densities,
 * thresholds, deletion curves and pictures. A map without a positive value becomes a mask of ones.
 */
export function asMask(attribution: Float32Array): Float32Array {
  const most = attribution.reduce((largest, value) => Math.max(largest, value), 0);
  return attribution.map((value) => (most > 0 ? 1 - Math.max(0, value) / most : 1));
}
