import { determinant, type Grid, gridTolerance, sameGrid, spacingOf } from './volume.ts';

/** Between voxels: the weighted mean of eight neighbours (for maps), or the nearest one's value (for labels). */
export type Interpolation = 'trilinear' | 'nearest';

/**
 * A volume sampled on another grid, through both affines. Places beyond the outermost voxels' centers become 0; those that
 * are beyond by no more than `gridTolerance` count as on them. On the same grid, within that tolerance, all values stay.
 *
 * @param data of `from`'s shape, C order over (x, y, z)
 * @returns of `onto`'s shape
 */
export function resample(data: Float32Array, from: Grid, onto: Grid, method: Interpolation): Float32Array {
  if (sameGrid(from, onto)) return data.slice();
  const m = multiply(inverse(from.affine), onto.affine);
  const [nx, ny, nz] = onto.shape;
  const result = new Float32Array(nx * ny * nz);
  const sample = method === 'nearest' ? nearest : trilinear;
  const source: Source = {
    data,
    shape: from.shape,
    slack: spacingOf(from).map((size) => gridTolerance / size),
  };
  for (let x = 0, i = 0; x < nx; x++) {
    for (let y = 0; y < ny; y++) {
      for (let z = 0; z < nz; z++, i++) {
        result[i] = sample(
          source,
          m[0] * x + m[1] * y + m[2] * z + m[3],
          m[4] * x + m[5] * y + m[6] * z + m[7],
          m[8] * x + m[9] * y + m[10] * z + m[11],
        );
      }
    }
  }
  return result;
}

/** What is sampled. */
interface Source {
  readonly data: Float32Array;
  readonly shape: Grid['shape'];
  /** `gridTolerance` in voxels, along each axis. */
  readonly slack: readonly number[];
}

function nearest(source: Source, x: number, y: number, z: number): number {
  if (!isInside(source, x, y, z)) return 0;
  const { data, shape, slack } = source;
  // Halfway between two voxels the lower one is taken, on either side of 0 and whatever the last bits are.
  const round = (place: number, axis: number) => Math.max(0, Math.ceil(place - 0.5 - slack[axis]));
  return data[(round(x, 0) * shape[1] + round(y, 1)) * shape[2] + round(z, 2)];
}

function trilinear(source: Source, x: number, y: number, z: number): number {
  if (!isInside(source, x, y, z)) return 0;
  const { data, shape } = source;
  const [x0, fx] = split(x, shape[0]);
  const [y0, fy] = split(y, shape[1]);
  const [z0, fz] = split(z, shape[2]);
  const strideX = fx > 0 ? shape[1] * shape[2] : 0;
  const strideY = fy > 0 ? shape[2] : 0;
  const strideZ = fz > 0 ? 1 : 0;
  const at = (x0 * shape[1] + y0) * shape[2] + z0;
  const alongZ = (i: number) => data[i] + fz * (data[i + strideZ] - data[i]);
  const alongY = (i: number) => {
    const a = alongZ(i);
    return a + fy * (alongZ(i + strideY) - a);
  };
  const a = alongY(at);
  return a + fx * (alongY(at + strideX) - a);
}

/** The voxel at or below a place, and how far the place is on the way to the next. */
function split(place: number, size: number): [voxel: number, fraction: number] {
  const within = Math.min(Math.max(place, 0), size - 1);
  const voxel = Math.floor(within);
  return [voxel, within - voxel];
}

function isInside({ shape, slack }: Source, x: number, y: number, z: number): boolean {
  return (
    x >= -slack[0] &&
    y >= -slack[1] &&
    z >= -slack[2] &&
    x <= shape[0] - 1 + slack[0] &&
    y <= shape[1] - 1 + slack[1] &&
    z <= shape[2] - 1 + slack[2]
  );
}

/** Product of two affines, 4 x 4, row-major. */
function multiply(a: readonly number[], b: readonly number[]): number[] {
  return Array.from({ length: 16 }, (_, i) =>
    [0, 1, 2, 3].reduce((sum, k) => sum + a[4 * Math.floor(i / 4) + k] * b[4 * k + (i % 4)], 0),
  );
}

/** Inverse of an affine: of its 3 x 3 part by cofactors, of its translation by that. */
function inverse(m: readonly number[]): number[] {
  const d = determinant(m);
  const cofactor = (r: number, c: number) => {
    const [r1, r2] = [(r + 1) % 3, (r + 2) % 3];
    const [c1, c2] = [(c + 1) % 3, (c + 2) % 3];
    return m[4 * r1 + c1] * m[4 * r2 + c2] - m[4 * r1 + c2] * m[4 * r2 + c1];
  };
  const rows = [0, 1, 2].map((row) => {
    const linear = [0, 1, 2].map((column) => cofactor(column, row) / d);
    return [...linear, -linear.reduce((sum, value, k) => sum + value * m[4 * k + 3], 0)];
  });
  return [...rows.flat(), 0, 0, 0, 1];
}
