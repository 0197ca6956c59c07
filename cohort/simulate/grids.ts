import type { Grid } from '../volume.ts';
import type { Brain } from './brain.ts';

/** Voxel size in mm at which the formula brain is evaluated; coarser voxels are averages over it. */
export const fineResolution = 1.5;

/** Voxel sizes in mm that sample the MNI box without a remainder. */
export const resolutions: readonly number[] = [6, 4.5, 3, 2, 1.5];

/**
 * The MNI box of SPM's 1.5 mm maps (121 x 145 x 121 voxels) at another voxel size: x from 90 mm right to 90 mm left,
 * y from -126 to 90, z from -72 to 108 between the centers of the outermost voxels, canonical LAS.
 */
export function boxGrid(resolution: number): Grid {
  const shape = [180, 216, 180].map((extent) => Math.floor(extent / resolution) + 1);
  const r = resolution;
  return {
    shape: [shape[0], shape[1], shape[2]],
    affine: [-r, 0, 0, 90, 0, r, 0, -126, 0, 0, r, -72, 0, 0, 0, 1],
  };
}

/** Voxel size in mm along each axis. */
export function voxelSizes({ affine }: Grid): [number, number, number] {
  const size = (axis: number) => Math.hypot(affine[axis], affine[4 + axis], affine[8 + axis]);
  return [size(0), size(1), size(2)];
}

/**
 * Mean over boxes of `width` voxels, centered on each voxel in turn; outside the volume counts as 0. What a coarse
 * voxel sees of a fine map: at the coarse voxel's center, its average.
 *
 * @param width in voxels, need not be whole: the outermost voxels count by the part that lies inside
 */
export function boxMean(data: Float32Array, shape: Grid['shape'], width: number): Float32Array {
  const reach = Math.ceil((width - 1) / 2);
  const edge = reach === 0 ? 1 : (width - (2 * reach - 1)) / 2;
  const strides = [shape[1] * shape[2], shape[2], 1];
  let current = data;
  for (let axis = 0; axis < 3 && reach > 0; axis++) {
    const stride = strides[axis];
    const size = shape[axis];
    const next = new Float32Array(data.length);
    for (let i = 0; i < next.length; i++) {
      const at = Math.floor(i / stride) % size;
      let sum = 0;
      for (let step = Math.max(-reach, -at); step <= reach && at + step < size; step++) {
        sum += (Math.abs(step) === reach ? edge : 1) * current[i + step * stride];
      }
      next[i] = sum / width;
    }
    current = next;
  }
  return current;
}

/**
 * The parcellation on another grid over the same box: per voxel the region that holds most of its gray matter, where
 * at least three tenths of the voxel belong to any.
 */
export function coarseRegions(brain: Brain, grid: Grid): Uint16Array {
  const [fx, fy, fz] = brain.grid.shape;
  const [nx, ny, nz] = grid.shape;
  const ratio = voxelSizes(grid)[0] / voxelSizes(brain.grid)[0];
  const spans = [fx, fy, fz].map((size, axis) =>
    Array.from({ length: grid.shape[axis] }, (_, i) => [
      Math.max(0, Math.ceil((i - 0.5) * ratio)),
      Math.min(size - 1, Math.floor((i + 0.5) * ratio)),
    ]),
  );
  const coarse = new Uint16Array(nx * ny * nz);
  for (let x = 0, i = 0; x < nx; x++) {
    for (let y = 0; y < ny; y++) {
      for (let z = 0; z < nz; z++, i++) coarse[i] = majority(brain, spans[0][x], spans[1][y], spans[2][z]);
    }
  }
  return coarse;
}

function majority({ grid, gray, regionIndex }: Brain, xs: number[], ys: number[], zs: number[]): number {
  const [, ny, nz] = grid.shape;
  const held = new Map<number, number>();
  let labelled = 0;
  let all = 0;
  for (let x = xs[0]; x <= xs[1]; x++) {
    for (let y = ys[0]; y <= ys[1]; y++) {
      for (let z = zs[0]; z <= zs[1]; z++) {
        const i = (x * ny + y) * nz + z;
        const region = regionIndex[i];
        all++;
        if (region === 0) continue;
        labelled++;
        held.set(region, (held.get(region) ?? 0) + 0.1 + gray[i]);
      }
    }
  }
  if (labelled < 0.3 * all) return 0;
  let winner = 0;
  let most = 0;
  for (const [region, amount] of held) {
    if (amount > most || (amount === most && region < winner)) {
      winner = region;
      most = amount;
    }
  }
  return winner;
}
