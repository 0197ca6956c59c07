import { type Grid, toWorld } from '../volume.ts';
import { regionNames } from './anatomy.ts';
import { tissueAt } from './tissue.ts';

/** A gray-matter map with its parcellation, before any participant is drawn from it. */
export interface Brain {
  readonly grid: Grid;
  /** Gray-matter probability, C order over (x, y, z). */
  readonly gray: Float32Array;
  /** 0 outside all regions, else 1 + index into `regions`. */
  readonly regionIndex: Uint16Array;
  readonly regions: readonly { readonly value: number; readonly name: string }[];
}

/** Region labels are not their own index, so that whoever mixes up the two notices. */
const regions = regionNames.flatMap((name, index) => [
  { value: 1001 + 10 * index, name: `${name}_L` },
  { value: 1002 + 10 * index, name: `${name}_R` },
]);

/** Evaluates the formula brain at every voxel of a grid (the fine 1.5 mm one). Takes a second or two. */
export function evaluateBrain(grid: Grid): Brain {
  const [nx, ny, nz] = grid.shape;
  const gray = new Float32Array(nx * ny * nz);
  const regionIndex = new Uint16Array(gray.length);
  for (let x = 0, i = 0; x < nx; x++) {
    for (let y = 0; y < ny; y++) {
      for (let z = 0; z < nz; z++, i++) {
        const tissue = tissueAt(...toWorld(grid, x, y, z));
        if (tissue.gray > 0.004) gray[i] = tissue.gray;
        if (tissue.region > 0) regionIndex[i] = 2 * tissue.region - (tissue.side === 'L' ? 1 : 0);
      }
    }
  }
  return { grid, gray, regionIndex, regions };
}
