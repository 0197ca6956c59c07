/**
 * An attribution map in the form of a mask: m = 1 - a / max a, where a is the positive part. So 1 - m is 0 where nothing
 * speaks for the class and 1 at the strongest voxel, and stands where 1 - m of a mask stands: in region densities,
 * thresholds, deletion curves and pictures. A map without a positive value becomes a mask of ones.
 */
export function asMask(attribution: Float32Array): Float32Array {
  const most = attribution.reduce((largest, value) => Math.max(largest, value), 0);
  return attribution.map((value) => (most > 0 ? 1 - Math.max(0, value) / most : 1));
}

/**
 * A map for the eye: attribution is strongest in a few voxels, which would leave the others dark, so the colours end at the
 * value that a hundredth of the touched voxels exceeds.
 */
export function brightened(mask: Float32Array): Float32Array {
  const values = mask.filter((m) => m < 1).map((m) => 1 - m);
  const top = values.sort()[Math.floor(0.99 * values.length)] || 1;
  return mask.map((m) => Math.max(0, 1 - (1 - m) / top));
}
