import type { Stream } from './random.ts';

const modeCount = 5; // per axis of displacement
const amplitude = 1.2; // mm, root mean square along each axis: what registration to a template leaves
const wavelengths = [70, 170] as const; // mm

/** A smooth displacement field: along each axis, a sum of products of three sines of the place. */
export interface Warp {
  /** Per axis of displacement, its modes: angular frequencies (radians per mm), phases, and height in mm. */
  readonly axes: readonly (readonly Mode[])[];
}

interface Mode {
  readonly frequency: readonly number[];
  readonly phase: readonly number[];
  readonly height: number;
}

/**
 * Draws a displacement field of a few millimetres.
 *
 * @param size its root mean square along each axis, in multiples of 1.2 mm
 */
export function drawWarp(random: Stream, size = 1): Warp {
  const mode = (): Mode => {
    const frequency = [0, 1, 2].map(
      () => (2 * Math.PI) / (wavelengths[0] + (wavelengths[1] - wavelengths[0]) * random.uniform()),
    );
    const phase = [0, 1, 2].map(() => 2 * Math.PI * random.uniform());
    // A product of three sines has a mean square of 1/8.
    return { frequency, phase, height: size * amplitude * Math.sqrt(8 / modeCount) * random.normal() };
  };
  return { axes: [0, 1, 2].map(() => Array.from({ length: modeCount }, mode)) };
}

/** Both displacements one after the other, added up. */
export function joinWarps(one: Warp, other: Warp): Warp {
  return { axes: one.axes.map((modes, axis) => [...modes, ...other.axes[axis]]) };
}

/** A warp tabulated for one grid: the displacement of voxel (x, y, z) is a sum of products of three table entries. */
export interface WarpTables {
  /** [displaced axis * modesPerAxis + mode][axis of place]: sines at every index along that axis; height in the first. */
  readonly sines: readonly (readonly Float64Array[])[];
  readonly modesPerAxis: number;
}

/**
 * @param shape of the grid
 * @param sizes voxel size along each axis in mm; places count from voxel (0, 0, 0), so grids over one box agree
 */
export function tabulate(warp: Warp, shape: readonly number[], sizes: readonly number[]): WarpTables {
  const sines = warp.axes.flatMap((modes) =>
    modes.map(({ frequency, phase, height }) =>
      shape.map((count, axis) =>
        Float64Array.from({ length: count }, (_, i) => {
          const sine = Math.sin(frequency[axis] * i * sizes[axis] + phase[axis]);
          return axis === 0 ? height * sine : sine;
        }),
      ),
    ),
  );
  return { sines, modesPerAxis: warp.axes[0].length };
}
