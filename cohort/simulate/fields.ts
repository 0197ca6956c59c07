import type { Brain } from './brain.ts';
import { voxelSizes } from './grids.ts';

const latticeSpacing = 3; // mm, about: enough for what is smooth over some 5 mm

/**
 * Turns one number per region into a smooth field over the brain, so that neither a factor nor atrophy ends at a sharp
 * border. The field lives on a lattice of about 3 mm over the brain's grid.
 */
export class RegionFields {
  readonly shape: readonly [number, number, number];
  /** Voxels of the brain's grid from one lattice point to the next, per axis. */
  readonly strides: readonly [number, number, number];
  private readonly regionIndex: Uint16Array;
  private readonly gray: Float32Array;
  /** Share of labelled points around each lattice point. */
  private readonly labelled: Float32Array;

  constructor(brain: Brain) {
    const sizes = voxelSizes(brain.grid);
    const stride = (axis: number) => Math.max(1, Math.round(latticeSpacing / sizes[axis]));
    this.strides = [stride(0), stride(1), stride(2)];
    const points = (axis: number) => Math.ceil((brain.grid.shape[axis] - 1) / this.strides[axis]) + 1;
    this.shape = [points(0), points(1), points(2)];
    const [nx, ny, nz] = this.shape;
    this.regionIndex = new Uint16Array(nx * ny * nz);
    this.gray = new Float32Array(nx * ny * nz);
    const [bx, by, bz] = brain.grid.shape;
    for (let x = 0, i = 0; x < nx; x++) {
      for (let y = 0; y < ny; y++) {
        for (let z = 0; z < nz; z++, i++) {
          const from = [x * this.strides[0], y * this.strides[1], z * this.strides[2]];
          if (from[0] >= bx || from[1] >= by || from[2] >= bz) continue;
          const voxel = (from[0] * by + from[1]) * bz + from[2];
          this.regionIndex[i] = brain.regionIndex[voxel];
          this.gray[i] = brain.gray[voxel];
        }
      }
    }
    this.labelled = this.blur(Float32Array.from(this.regionIndex, (region) => Math.min(region, 1)));
  }

  /**
   * The smooth field of one value per region.
   *
   * @param values index 0 is unused, region i of the brain has values[i + 1]
   * @returns one value per lattice point, C order; 0 far from every region
   */
  field(values: Float64Array): Float32Array {
    const mean = this.blur(
      Float32Array.from(this.regionIndex, (region) => (region === 0 ? 0 : values[region])),
    );
    // Dividing by the labelled share keeps a region whole where it borders on white matter or fluid.
    for (let i = 0; i < mean.length; i++) if (this.labelled[i] > 0) mean[i] /= this.labelled[i];
    return mean;
  }

  /** Mean of a field over each region, weighted by gray matter; index as in `field`. */
  regionMeans(field: Float32Array, regionCount: number): Float64Array {
    const sums = new Float64Array(regionCount + 1);
    const weights = new Float64Array(regionCount + 1);
    for (let i = 0; i < field.length; i++) {
      sums[this.regionIndex[i]] += field[i] * this.gray[i];
      weights[this.regionIndex[i]] += this.gray[i];
    }
    return sums.map((sum, region) => (weights[region] > 0 ? sum / weights[region] : 0));
  }

  /** One pass of [1 2 1] / 4 along each axis: a standard deviation of 0.7 lattice points. */
  private blur(data: Float32Array): Float32Array {
    const [nx, ny, nz] = this.shape;
    let current = data;
    for (const [stride, size] of [
      [ny * nz, nx],
      [nz, ny],
      [1, nz],
    ]) {
      const next = new Float32Array(data.length);
      for (let i = 0; i < next.length; i++) {
        const at = Math.floor(i / stride) % size;
        const before = at > 0 ? current[i - stride] : 0;
        const after = at + 1 < size ? current[i + stride] : 0;
        next[i] = 0.25 * (before + after) + 0.5 * current[i];
      }
      current = next;
    }
    return current;
  }
}

/**
 * What the loss asked of each planted region must be multiplied with, so that after smoothing the region's mean loss is
 * the one asked for. 0 for regions that are not planted.
 *
 * @param planted region numbers (1 + index into the brain's regions)
 */
export function lossGains(
  fields: RegionFields,
  planted: readonly number[],
  regionCount: number,
): Float64Array {
  const gains = new Float64Array(regionCount + 1);
  for (const region of planted) gains[region] = 1;
  for (let pass = 0; pass < 8; pass++) {
    const means = fields.regionMeans(fields.field(gains), regionCount);
    // A region too small for the lattice has no mean there; it keeps what it has.
    for (const region of planted) if (means[region] > 0) gains[region] /= means[region];
  }
  return gains;
}
