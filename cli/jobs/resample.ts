import { InputError } from '../../cohort/error.ts';
import { readVolume, writeVolume } from '../../cohort/nifti.ts';
import { noteNaN } from '../../cohort/reading-notes.ts';
import { resample } from '../../cohort/resample.ts';
import { describeGrid, type Grid } from '../../cohort/volume.ts';
import { refuseExisting } from './output.ts';

export interface ResampleOptions {
  readonly image: string;
  /** image whose grid and way of storing are taken */
  readonly like: string;
  readonly out: string;
  /** the nearest voxel's value in place of trilinear interpolation */
  readonly nearest: boolean;
  readonly overwrite: boolean;
}

export interface ResampleResult {
  readonly from: string;
  readonly onto: string;
  readonly out: string;
  readonly datatype: 'float32' | 'int16';
  /** share of the new voxels that lie within the image */
  readonly inside: number;
  /** voxels of the image that are NaN, and were read as 0 */
  readonly nanCount: number;
}

/**
 * Writes an image on another one's grid, stored as that one is. Whole numbers that int16 holds stay whole numbers.
 *
 * @throws InputError when an image cannot be read, they do not overlap, or the file is there already
 */
export function resampleImage({ image, like, out, nearest, overwrite }: ResampleOptions): ResampleResult {
  refuseExisting(out, overwrite);
  const volume = readVolume(image);
  noteNaN(image, volume.nanCount);
  const target = readVolume(like);
  const inside = insideShare(volume.grid, target.grid);
  if (inside === 0) {
    throw new InputError(
      image,
      `does not overlap ${like}`,
      'Give images in one space; their affines say where they lie',
    );
  }
  const data = resample(volume.data, volume.grid, target.grid, nearest ? 'nearest' : 'trilinear');
  const datatype = nearest && data.every(isShort) ? 'int16' : 'float32';
  const description = `resampled, ${nearest ? 'nearest neighbor' : 'trilinear'}`;
  writeVolume(out, data, target, { datatype, description });
  return {
    from: describeGrid(volume.grid),
    onto: describeGrid(target.grid),
    out,
    datatype,
    inside,
    nanCount: volume.nanCount,
  };
}

/** How much of a grid another one covers: a volume of ones, resampled. */
function insideShare(from: Grid, onto: Grid): number {
  const ones = new Float32Array(from.shape[0] * from.shape[1] * from.shape[2]).fill(1);
  const covered = resample(ones, from, onto, 'nearest');
  return covered.reduce((sum, value) => sum + value, 0) / covered.length;
}

function isShort(value: number): boolean {
  return Number.isInteger(value) && value >= -32768 && value <= 32767;
}
