import { type Grid, toWorld } from '../cohort/volume.ts';

/** The three ways to cut a brain. Volumes are LAS: x grows to the subject's left, y forwards, z upwards. */
export interface View {
  readonly name: 'coronal' | 'axial' | 'sagittal';
  /** The axis that the slices follow, and its letter in positions ("y = -20 mm"). */
  readonly axis: 0 | 1 | 2;
  readonly letter: 'x' | 'y' | 'z';
  /** The axis that runs across the picture, and whether its high end is on the left. */
  readonly across: 0 | 1 | 2;
  readonly acrossReversed: boolean;
  /** The axis that runs down the picture, always with its high end (front or top) up. */
  readonly down: 0 | 1 | 2;
  /** What lies at the picture's left and right edge. */
  readonly ends: readonly [left: string, right: string];
}

/** Neurological display: the subject's left is on the picture's left; in sagittal slices the face looks right. */
export const views: readonly View[] = [
  { name: 'coronal', axis: 1, letter: 'y', across: 0, acrossReversed: true, down: 2, ends: ['L', 'R'] },
  { name: 'axial', axis: 2, letter: 'z', across: 0, acrossReversed: true, down: 1, ends: ['L', 'R'] },
  { name: 'sagittal', axis: 0, letter: 'x', across: 1, acrossReversed: false, down: 2, ends: ['P', 'A'] },
];

/** First and last index along each axis. */
export type Box = readonly [Span, Span, Span];
export type Span = readonly [first: number, last: number];

/** Offset between neighbours along x, y and z in a volume's data (C order, z fastest). */
export function strides(grid: Grid): [number, number, number] {
  return [grid.shape[1] * grid.shape[2], grid.shape[2], 1];
}

/** Voxel edge lengths in mm along x, y and z. */
export function spacing(grid: Grid): [number, number, number] {
  const edge = (axis: number) => Math.hypot(grid.affine[axis], grid.affine[4 + axis], grid.affine[8 + axis]);
  return [edge(0), edge(1), edge(2)];
}

/** The world coordinate (mm) of a slice along the view's axis, at the middle of the slice. */
export function slicePosition(grid: Grid, view: View, index: number): number {
  const middle = grid.shape.map((size) => (size - 1) / 2);
  middle[view.axis] = index;
  return toWorld(grid, middle[0], middle[1], middle[2])[view.axis];
}

/** The smallest box around every voxel that `inside` accepts; the whole grid when it accepts none. */
export function boundingBox(grid: Grid, inside: (voxel: number) => boolean): Box {
  const [nx, ny, nz] = grid.shape;
  const low = [nx, ny, nz];
  const high = [-1, -1, -1];
  let voxel = 0;
  for (let x = 0; x < nx; x++) {
    for (let y = 0; y < ny; y++) {
      for (let z = 0; z < nz; z++) {
        if (!inside(voxel++)) continue;
        const at = [x, y, z];
        for (let axis = 0; axis < 3; axis++) {
          low[axis] = Math.min(low[axis], at[axis]);
          high[axis] = Math.max(high[axis], at[axis]);
        }
      }
    }
  }
  const span = (axis: number): Span => (high[0] < 0 ? [0, grid.shape[axis] - 1] : [low[axis], high[axis]]);
  return [span(0), span(1), span(2)];
}

/**
 * Sums a volume over each slice along x, y and z.
 *
 * @param value the value of the voxel at an offset of the volume's data
 */
export function profiles(grid: Grid, value: (voxel: number) => number): [number[], number[], number[]] {
  const [nx, ny, nz] = grid.shape;
  const sums: [number[], number[], number[]] = [
    new Array(nx).fill(0),
    new Array(ny).fill(0),
    new Array(nz).fill(0),
  ];
  let voxel = 0;
  for (let x = 0; x < nx; x++) {
    for (let y = 0; y < ny; y++) {
      for (let z = 0; z < nz; z++) {
        const amount = value(voxel++);
        sums[0][x] += amount;
        sums[1][y] += amount;
        sums[2][z] += amount;
      }
    }
  }
  return sums;
}

/** The slices from the first to the last that hold at least a tenth of what the richest one holds. */
export function fullSpan(profile: readonly number[]): Span {
  const enough = 0.1 * Math.max(...profile);
  const holds = (amount: number) => amount >= enough;
  return [profile.findIndex(holds), profile.findLastIndex(holds)];
}

/**
 * Chooses slices that show the most and yet are spread: the richest first, each at least three quarters of an even
 * step from those taken; when no rich slice is left, the middle of the widest gap.
 *
 * @param profile what each slice holds, one number per slice along an axis
 * @param span    first and last slice that may be chosen
 * @returns up to `count` slice numbers, rising
 */
export function chooseSlices(profile: readonly number[], [first, last]: Span, count: number): number[] {
  const candidates = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const apart = Math.max(1, (0.75 * (last - first)) / count);
  const chosen: number[] = [];
  // The borders count as taken when gaps are filled: the outermost slices graze the brain and show little.
  const gap = (slice: number) =>
    Math.min(...[first, last, ...chosen].map((other) => Math.abs(other - slice)));
  const free = (slice: number) => chosen.every((other) => Math.abs(other - slice) >= apart);
  while (chosen.length < Math.min(count, candidates.length)) {
    const left = candidates.filter((slice) => !chosen.includes(slice));
    const rich = left.filter((slice) => profile[slice] > 0 && free(slice));
    const [pool, worth] = rich.length > 0 ? [rich, (slice: number) => profile[slice]] : [left, gap];
    chosen.push(pool.reduce((best, slice) => (worth(slice) > worth(best) ? slice : best)));
  }
  return chosen.sort((a, b) => a - b);
}
