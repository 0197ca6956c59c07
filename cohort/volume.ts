/** The sampling of a volume: its shape in voxels, and the way from a voxel index to the world. */
export interface Grid {
  /** Voxels along x (right to left), y (posterior to anterior), z (inferior to superior). */
  readonly shape: readonly [number, number, number];
  /** 4 x 4, row-major: voxel index (x, y, z) to millimetres, x+ right, y+ anterior, z+ superior. */
  readonly affine: readonly number[];
}

/** How a stored array lies against the canonical one: canonical axis c runs along stored axis `axes[c]`. */
export interface Orientation {
  readonly axes: readonly [number, number, number];
  /** True where the canonical axis runs against the stored one. */
  readonly flips: readonly [boolean, boolean, boolean];
}

/** The quaternion form of a transform (nifti1.h, method 2), in mm. */
export interface Qform {
  readonly code: number;
  /** Its imaginary parts (b, c, d). */
  readonly quaternion: readonly [number, number, number];
  readonly offset: readonly [number, number, number];
  /** Voxel sizes along the stored axes. */
  readonly sizes: readonly [number, number, number];
  /** -1 where the third axis is turned round first (qfac). */
  readonly handedness: 1 | -1;
}

/** How a file places its voxels, in mm: one transform or both, which then agree. */
export interface Placement {
  readonly sform: { readonly code: number; readonly rows: readonly number[] } | null;
  readonly qform: Qform | null;
}

/** How the file stored a volume: what is needed to write another one in the same way, and nothing else of its header. */
export interface Storage {
  readonly placement: Placement;
  readonly version: 1 | 2;
  readonly littleEndian: boolean;
  /** Shape in the file's own axis order. */
  readonly shape: readonly [number, number, number];
  readonly orientation: Orientation;
}

/** An image in memory: `data[(x * ny + y) * nz + z]`, in the canonical orientation LAS. */
export interface Volume {
  readonly grid: Grid;
  readonly data: Float32Array;
  /** Voxels that are NaN in the file; they are 0 in `data`. */
  readonly nanCount: number;
  readonly storage: Storage;
}

/**
 * How far apart two places may be and count as one, in mm: the one tolerance for all questions about grids. It is far
 * above what single precision does to an affine (some 0.00001 mm), and far below any voxel.
 */
export const gridTolerance = 1e-3;

/** True when both grids have one shape and no corner voxel is further than `gridTolerance` from its twin. */
export function sameGrid(a: Grid, b: Grid): boolean {
  return a.shape.every((size, axis) => size === b.shape[axis]) && largestShift(a, b) <= gridTolerance;
}

/** The largest distance between a corner voxel of one grid and its twin of another one of the same shape, in mm. */
export function largestShift(a: Grid, b: Grid): number {
  const ends = a.shape.map((size) => [0, size - 1]);
  const corners = ends[0].flatMap((x) => ends[1].flatMap((y) => ends[2].map((z) => [x, y, z] as const)));
  return Math.max(...corners.map((corner) => distance(toWorld(a, ...corner), toWorld(b, ...corner))));
}

/** For messages: "121 x 145 x 121 voxels of 1.5 x 1.5 x 1.5 mm". */
export function describeGrid(grid: Grid): string {
  const sizes = spacingOf(grid).map(round);
  return `${grid.shape.join(' x ')} voxels of ${sizes.join(' x ')} mm`;
}

/** For messages: two grids that differ, told apart; by their affines where shape and voxel size read the same. */
export function describeGrids(a: Grid, b: Grid): [string, string] {
  const plain: [string, string] = [describeGrid(a), describeGrid(b)];
  if (plain[0] !== plain[1]) return plain;
  const full = (grid: Grid) =>
    `${describeGrid(grid)} with affine [${grid.affine.slice(0, 12).map(round).join(' ')}]`;
  return [full(a), full(b)];
}

/** Voxel size in mm along each axis. */
export function spacingOf(grid: Pick<Grid, 'affine'>): [number, number, number] {
  return [0, 1, 2].map((axis) => Math.hypot(...column(grid, axis))) as [number, number, number];
}

/** Volume of one voxel in cubic millimetres. */
export function voxelVolume(grid: Grid): number {
  return Math.abs(determinant(grid.affine));
}

/** Determinant of an affine's 3 x 3 part; negative for a left-handed array, such as LAS. */
export function determinant(m: readonly number[]): number {
  return (
    m[0] * (m[5] * m[10] - m[6] * m[9]) -
    m[1] * (m[4] * m[10] - m[6] * m[8]) +
    m[2] * (m[4] * m[9] - m[5] * m[8])
  );
}

/** World coordinates, in millimetres (right, anterior, superior), of the center of voxel (x, y, z). */
export function toWorld(grid: Grid, x: number, y: number, z: number): [number, number, number] {
  const m = grid.affine;
  return [
    m[0] * x + m[1] * y + m[2] * z + m[3],
    m[4] * x + m[5] * y + m[6] * z + m[7],
    m[8] * x + m[9] * y + m[10] * z + m[11],
  ];
}

function column(grid: Pick<Grid, 'affine'>, axis: number): [number, number, number] {
  return [grid.affine[axis], grid.affine[4 + axis], grid.affine[8 + axis]];
}

function distance(a: readonly number[], b: readonly number[]): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

function round(value: number): number {
  return Number(value.toFixed(4));
}
