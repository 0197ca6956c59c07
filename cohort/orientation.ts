import type { Grid, Orientation } from './volume.ts';

type Shape = readonly [number, number, number];

const permutations = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
] as const;

/** Sign of the world coordinate along each canonical axis: towards left (-x), anterior (+y), superior (+z). */
const canonicalSigns = [-1, 1, 1] as const;

/** Two choices of axes this close are a tie (a rotation by 45 degrees), which the earlier permutation wins. */
const tie = 1e-6;

/**
 * How a stored array lies against the canonical orientation LAS.
 *
 * An oblique array is taken by its nearest axes: of the six ways to give its axes to x, y and z, the one whose direction
 * cosines sum to the most. It is not resampled; its canonical affine stays oblique.
 *
 * @param affine 4 x 4, row-major, stored voxel index to millimetres (right, anterior, superior); not singular
 */
export function orientationOf(affine: readonly number[]): Orientation {
  const lengths = [0, 1, 2].map((axis) => Math.hypot(affine[axis], affine[4 + axis], affine[8 + axis]));
  const cosine = (world: number, axis: number) => affine[4 * world + axis] / lengths[axis];
  let axes: (typeof permutations)[number] = permutations[0];
  let best = 0;
  for (const candidate of permutations) {
    const sum = candidate.reduce<number>((total, axis, world) => total + Math.abs(cosine(world, axis)), 0);
    if (sum > best + tie) [axes, best] = [candidate, sum];
  }
  const against = (world: number) => cosine(world, axes[world]) * canonicalSigns[world] < 0;
  return { axes, flips: [against(0), against(1), against(2)] };
}

/** The grid of the canonical array, given the stored shape and affine (4 x 4, row-major, millimetres). */
export function canonicalGrid(shape: Shape, affine: readonly number[], { axes, flips }: Orientation): Grid {
  const canonical = [...affine];
  for (let row = 0; row < 3; row++) {
    for (let axis = 0; axis < 3; axis++) {
      const step = affine[4 * row + axes[axis]];
      canonical[4 * row + axis] = flips[axis] ? 0 - step : step;
      if (flips[axis]) canonical[4 * row + 3] += (shape[axes[axis]] - 1) * step;
    }
  }
  return { shape: [shape[axes[0]], shape[axes[1]], shape[axes[2]]], affine: canonical };
}

/**
 * Brings values from the file's order (its first axis fastest) to the canonical one (z fastest). Exact: a permutation.
 *
 * @param shape the stored shape
 */
export function toCanonical(stored: Float32Array, shape: Shape, orientation: Orientation): Float32Array {
  const canonical = new Float32Array(stored.length);
  eachVoxel(shape, orientation, (there, here) => {
    canonical[here] = stored[there];
  });
  return canonical;
}

/** The way back from `toCanonical`. */
export function toStored(canonical: Float32Array, shape: Shape, orientation: Orientation): Float32Array {
  const stored = new Float32Array(canonical.length);
  eachVoxel(shape, orientation, (there, here) => {
    stored[there] = canonical[here];
  });
  return stored;
}

/** Calls `visit` with the place of every voxel in the stored array and in the canonical one. */
function eachVoxel(
  shape: Shape,
  { axes, flips }: Orientation,
  visit: (there: number, here: number) => void,
): void {
  const strides = [1, shape[0], shape[0] * shape[1]];
  const sizes = axes.map((axis) => shape[axis]);
  const steps = axes.map((axis, canonical) => (flips[canonical] ? -strides[axis] : strides[axis]));
  const first = steps.reduce((sum, step, axis) => sum + (step < 0 ? -step * (sizes[axis] - 1) : 0), 0);
  let here = 0;
  for (let x = 0; x < sizes[0]; x++) {
    for (let y = 0; y < sizes[1]; y++) {
      let there = first + x * steps[0] + y * steps[1];
      for (let z = 0; z < sizes[2]; z++, there += steps[2]) visit(there, here++);
    }
  }
}
