const tolerance = 1e-5; // what a file that stores whole numbers and a slope may be off

/**
 * What is wrong with the values of a mask; null where all lie in [0, 1].
 *
 * @param nanCount voxels of the file that were no number
 */
export function maskFault(values: Float32Array, nanCount = 0): string | null {
  if (nanCount > 0) return `holds ${nanCount} voxels that are no number`;
  let [low, high, count] = [0, 1, 0];
  for (const value of values) {
    if (value >= -tolerance && value <= 1 + tolerance) continue;
    count += 1;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (count === 0) return null;
  const shown = (value: number) => String(Number(value.toPrecision(3)));
  return `has ${count} of ${values.length} voxels outside 0 to 1 (values from ${shown(low)} to ${shown(high)})`;
}

/** Values brought into [0, 1]. */
export function clamped(values: Float32Array): Float32Array {
  return values.map((value) => Math.max(0, Math.min(1, value)));
}

/** m of a volume that holds 1 - m, or the other way round, in [0, 1]. */
export function inverted(values: Float32Array): Float32Array {
  return values.map((value) => Math.max(0, Math.min(1, 1 - value)));
}
