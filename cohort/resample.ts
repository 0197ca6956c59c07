import { determinant, type Grid } from './volume.ts';

/** Between voxels: the weighted mean of eight neighbours (for maps), or the nearest one's value (for labels). */
export type Interpolation = 'trilinear' | 'nearest';

/** In voxels; how far past the outermost centers rounding may put a place that lies on them. */
const tolerance = 1e-6;

/**
 * A volume sampled on another grid, through both affines. Places beyond the outermost voxels' centers become 0.
 *
 * @param data of `from`'s shape, C order over (x, y, z)
 * @returns of `onto`'s shape
 */
export function resample(data: Float32Array, from: Grid, onto: Grid, method: Interpolation): Float32Array {
  const m = multiply(inverse(from.affine), onto.affine);
  const [nx, ny, nz] = onto.shape;
  const result = new Float32Array(nx * ny * nz);
  const sample = method === 'nearest' ? nearest : trilinear;
  for (let x = 0, i = 0; x < nx; x++) {
    for (let y = 0; y < ny; y++) {
      for (let z = 0; z < nz; z++, i++) {
        result[i] = sample(
          data,
          from.shape,
          m[0] * x + m[1] * y + m[2] * z + m[3],
          m[4] * x + m[5] * y + m[6] * z + m[7],
          m[8] * x + m[9] * y + m[10] * z + m[11],
        );
      }
    }
  }
  return result;
}

function nearest(data: Float32Array, shape: Grid['shape'], x: number, y: number, z: number): number {
  if (!isInside(shape, x, y, z)) return 0;
  // Halfway between two voxels the lower one is taken, on either side of 0 and whatever the last bits are.
  const round = (place: number) => Math.max(0, Math.ceil(place - 0.5 - tolerance));
  return data[(round(x) * shape[1] + round(y)) * shape[2] + round(z)];
}

function trilinear(data: Float32Array, shape: Grid['shape'], x: number, y: number, z: number): number {
  if (!isInside(shape, x, y, z)) return 0;
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

function isInside(shape: Grid['shape'], x: number, y: number, z: number): boolean {
  return (
    x >= -tolerance &&
    y >= -tolerance &&
    z >= -tolerance &&
    x <= shape[0] - 1 + tolerance &&
    y <= shape[1] - 1 + tolerance &&
    z <= shape[2] - 1 + tolerance
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
