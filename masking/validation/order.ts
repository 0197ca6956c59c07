import { RandomStream, streams } from '../../engine/random.ts';

/** A random number per voxel, by which equals are ordered; the same for all maps of one comparison. */
export function tieBreaks(voxels: number, seed: number): Uint32Array {
  const random = new RandomStream(seed, streams.deletion);
  return Uint32Array.from({ length: voxels }, () => random.next());
}

/**
 * All voxels in the order in which they are taken away: by falling value; of equals those of the brain first, then at
 * random.
 *
 * @param values per voxel; as 1 - m of a mask
 * @param brain  1 inside, 0 outside
 * @param ties   random numbers, see `tieBreaks`
 * @returns positions
 */
export function removalOrder(values: Float32Array, brain: Uint8Array, ties: Uint32Array): Uint32Array {
  const order = Uint32Array.from(values, (_, u) => u);
  return order.sort((a, b) => values[b] - values[a] || brain[b] - brain[a] || ties[a] - ties[b] || a - b);
}

/** Values whose order takes whole regions one after the other, in random order; 0 outside all regions. */
export function randomRegions(labels: Int32Array, seed: number): Float32Array {
  const regions = [...new Set(labels)].filter((label) => label !== 0).sort((a, b) => a - b);
  const ranks = new RandomStream(seed, streams.deletion, 1).permutation(regions.length);
  const value = new Map(regions.map((label, i) => [label, 1 + ranks[i]]));
  return Float32Array.from(labels, (label) => value.get(label) ?? 0);
}

/**
 * Where the brain is: voxels of which the mean image lies more than a twentieth of its range above its lowest value.
 *
 * @returns 1 inside, 0 outside
 */
export function brainOf(mean: Float32Array): Uint8Array {
  const [low, high] = mean.reduce<[number, number]>(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
  return Uint8Array.from(mean, (value) => Number(value > low + 0.05 * (high - low)));
}
