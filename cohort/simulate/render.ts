import type { Grid } from '../volume.ts';
import type { Brain } from './brain.ts';
import { lossGains, RegionFields } from './fields.ts';
import { boxMean, voxelSizes } from './grids.ts';
import type { Appearance } from './participant.ts';
import { smoothStep } from './shapes.ts';
import { tabulate } from './warp.ts';

const largestLoss = 0.98;
const invisible = 1 / 512; // rounds to 0 as uint8

/** Makes participants' maps from a brain, on a grid that covers the same box with voxels of the same size or larger. */
export class Renderer {
  private readonly brain: Brain;
  private readonly grid: Grid;
  private readonly sizes: readonly number[];
  private readonly step: readonly [number, number, number];
  /** The brain's gray matter as a voxel of `grid` would see it, at every voxel of the brain's grid. */
  private readonly gray: Float32Array;
  private readonly fields: RegionFields;
  private readonly gains: Float64Array;

  constructor(brain: Brain, grid: Grid, planted: readonly string[]) {
    this.brain = brain;
    this.grid = grid;
    this.sizes = voxelSizes(brain.grid);
    const sizes = voxelSizes(grid);
    this.step = [sizes[0] / this.sizes[0], sizes[1] / this.sizes[1], sizes[2] / this.sizes[2]];
    this.gray = boxMean(brain.gray, brain.grid.shape, this.step[0]);
    this.fields = new RegionFields(brain);
    const numbers = brain.regions.flatMap(({ name }, i) => (planted.includes(name) ? [i + 1] : []));
    this.gains = lossGains(this.fields, numbers, brain.regions.length);
  }

  /**
   * The gray-matter probability map of an appearance, 0 to 1, on the renderer's grid in C order.
   *
   * The brain is warped; its values are then scaled by the smooth field of global and regional factors, under which
   * pure voxels stay pure (an unmodulated map has its maximum near 1 in everyone), and by what atrophy has left.
   */
  render(shown: Appearance): Float32Array {
    const { grid, step, sizes, fields } = this;
    const [nx, ny, nz] = grid.shape;
    const factors = fields.field(this.perRegion((i) => shown.regionalFactors[i] - 1));
    const losses =
      shown.losses.size === 0
        ? null
        : fields.field(this.perRegion((i, name) => this.gains[i + 1] * (shown.losses.get(name) ?? 0)));
    const { sines, modesPerAxis } = tabulate(
      shown.warp,
      grid.shape,
      sizes.map((size, axis) => size * step[axis]),
    );
    const heights = new Float64Array(sines.length);
    const place = new Float64Array(3);
    const map = new Float32Array(nx * ny * nz);
    for (let x = 0, i = 0; x < nx; x++) {
      for (let y = 0; y < ny; y++) {
        for (let m = 0; m < sines.length; m++) heights[m] = sines[m][0][x] * sines[m][1][y];
        for (let z = 0; z < nz; z++, i++) {
          for (let axis = 0, m = 0; axis < 3; axis++) {
            let shift = 0;
            for (const end = m + modesPerAxis; m < end; m++) shift += heights[m] * sines[m][2][z];
            place[axis] = (axis === 0 ? x : axis === 1 ? y : z) * step[axis] + shift / sizes[axis];
          }
          const gray = interpolate(this.gray, this.brain.grid.shape, place[0], place[1], place[2]);
          if (gray < invisible) continue;
          const px = place[0] / fields.strides[0];
          const py = place[1] / fields.strides[1];
          const pz = place[2] / fields.strides[2];
          const factor = shown.globalFactor * (1 + interpolate(factors, fields.shape, px, py, pz));
          const loss = losses === null ? 0 : interpolate(losses, fields.shape, px, py, pz);
          map[i] = varied(gray, factor) * (1 - Math.min(largestLoss, loss));
        }
      }
    }
    return map;
  }

  private perRegion(value: (index: number, name: string) => number): Float64Array {
    const values = new Float64Array(this.brain.regions.length + 1);
    this.brain.regions.forEach(({ name }, i) => {
      values[i + 1] = value(i, name);
    });
    return values;
  }
}

/** Gray-matter probability times a factor, kept within 1; a factor below 1 leaves pure gray matter as it is. */
function varied(gray: number, factor: number): number {
  if (factor >= 1) return Math.min(1, gray * factor);
  return gray * (factor + (1 - factor) * smoothStep(0.85, 0.97, gray));
}

/** Trilinear interpolation at a place in voxels; 0 outside the volume. */
function interpolate(
  data: Float32Array,
  [nx, ny, nz]: Grid['shape'],
  x: number,
  y: number,
  z: number,
): number {
  if (!(x >= 0 && y >= 0 && z >= 0 && x <= nx - 1 && y <= ny - 1 && z <= nz - 1)) return 0;
  const x0 = Math.min(Math.floor(x), Math.max(0, nx - 2));
  const y0 = Math.min(Math.floor(y), Math.max(0, ny - 2));
  const z0 = Math.min(Math.floor(z), Math.max(0, nz - 2));
  const fx = x - x0;
  const fy = y - y0;
  const fz = z - z0;
  const sx = nx > 1 ? ny * nz : 0;
  const sy = ny > 1 ? nz : 0;
  const sz = nz > 1 ? 1 : 0;
  const i = (x0 * ny + y0) * nz + z0;
  const a = data[i] + fz * (data[i + sz] - data[i]);
  const b = data[i + sy] + fz * (data[i + sy + sz] - data[i + sy]);
  const c = data[i + sx] + fz * (data[i + sx + sz] - data[i + sx]);
  const d = data[i + sx + sy] + fz * (data[i + sx + sy + sz] - data[i + sx + sy]);
  const ab = a + fy * (b - a);
  return ab + fx * (c + fy * (d - c) - ab);
}
