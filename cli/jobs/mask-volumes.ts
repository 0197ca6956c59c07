import path from 'node:path';
import { type Atlas, alignedAtlas, readAtlas } from '../../cohort/atlas.ts';
import { asIn2019 } from '../../cohort/atlas-faults.ts';
import { InputError } from '../../cohort/error.ts';
import { listed } from '../../cohort/listed.ts';
import { readGrid, readVolume } from '../../cohort/nifti.ts';
import { describeGrids, type Grid, sameGrid } from '../../cohort/volume.ts';
import { clamped, inverted, maskFault } from '../../masking/mask-values.ts';
import { thresholded } from '../../masking/threshold.ts';

/** How masks are read. */
export interface MaskReading {
  /** the files hold 1 - m; those that end in `_probseg` do in any case, as BIDS has it */
  readonly occlusion: boolean;
  /** without the threshold of 0.95 */
  readonly raw: boolean;
}

/** An atlas, and how it is taken. */
export interface AtlasChoice {
  readonly image: string;
  readonly labels: string;
  /** brings it onto the masks' grid (nearest neighbour) */
  readonly resample: boolean;
  /** with the amygdalae as the table of 2019 had them */
  readonly table2019: boolean;
}

/** The grid of masks that are compared, from their headers alone. @throws InputError naming those that lie on another one */
export function commonGrid(files: readonly string[]): Grid {
  const grids = files.map(readGrid);
  const others = files.flatMap((file, i) => (sameGrid(grids[i], grids[0]) ? [] : [{ file, grid: grids[i] }]));
  if (others.length === 0) return grids[0];
  const [its, wanted] = describeGrids(others[0].grid, grids[0]);
  throw new InputError(
    listed(others.map(({ file }) => file)),
    `not on the grid of ${files[0]}: ${its}, where ${wanted} are wanted`,
    'Compare masks of one grid only ("voxmask resample" brings a map onto another grid)',
  );
}

/**
 * An atlas on the masks' grid.
 *
 * @throws InputError when it lies on another grid and may not be resampled, or none of its regions has a voxel there
 */
export function maskAtlas({ image, labels, resample, table2019 }: AtlasChoice, grid: Grid): Atlas {
  const atlas = alignedAtlas(readAtlas(image, labels), grid, resample);
  const values = new Set(atlas.regions.map(({ value }) => value));
  if (!atlas.labels.some((label) => values.has(label))) {
    throw new InputError(
      image,
      'does not overlap the masks: no voxel of their grid lies in a region',
      'Give an atlas of the same space',
    );
  }
  return table2019 ? asIn2019(atlas) : atlas;
}

/**
 * Reads masks one after the other, so that no more than one is in memory, and hands each to `use`.
 *
 * @param use gets m on the canonical grid, thresholded unless raw is asked for
 * @throws InputError that lists every file whose values leave [0, 1]
 */
export function eachMask(
  files: readonly string[],
  reading: MaskReading,
  use: (mask: Float32Array, index: number) => void,
): void {
  const faults: string[] = [];
  files.forEach((file, i) => {
    const { data, nanCount } = readVolume(file);
    const fault = maskFault(data, nanCount);
    if (fault) faults.push(`${file} ${fault}`);
    else if (faults.length === 0) use(prepared(data, file, reading), i);
  });
  if (faults.length === 0) return;
  throw new InputError(
    faults.length === 1 ? 'mask' : `${faults.length} masks`,
    faults.length === 1 ? faults[0] : `values that no mask has:${listed(faults, '\n  ')}\n `,
    'Give masks m with values in [0, 1], 1 where a voxel is left as it is',
  );
}

/** One mask, as `eachMask` reads it. */
export function readMask(file: string, reading: MaskReading): Float32Array {
  let read = new Float32Array();
  eachMask([file], reading, (mask) => {
    read = mask as Float32Array<ArrayBuffer>;
  });
  return read;
}

function prepared(data: Float32Array, file: string, { occlusion, raw }: MaskReading): Float32Array {
  const hidden = occlusion || /_probseg\.(nii(\.gz)?|hdr|img)$/.test(path.basename(file));
  const mask = hidden ? inverted(data) : clamped(data);
  return raw ? mask : thresholded(mask);
}
