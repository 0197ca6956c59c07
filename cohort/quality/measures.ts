import type { Decoded } from '../decoding/job.ts';
import { voxelVolume } from '../volume.ts';

/** What one image tells by itself. */
export interface Measures {
  readonly maximum: number;
  readonly minimum: number;
  /** of the voxels, those that are no number in the file */
  readonly nanShare: number;
  /** of the voxels, those clearly above 1, which no probability is */
  readonly aboveOneShare: number;
  /** sum of the values times the voxel's volume, in millilitres */
  readonly grayMatter: number;
}

const clearly = 1e-3; // 255/255 as stored with a slope is 1 but for rounding

/** Measures an image of gray-matter probabilities. */
export function measure({ data, grid, nanCount }: Decoded): Measures {
  let [maximum, minimum, above, sum] = [data[0], data[0], 0, 0];
  for (const value of data) {
    if (value > maximum) maximum = value;
    if (value < minimum) minimum = value;
    if (value > 1 + clearly) above++;
    sum += value;
  }
  return {
    maximum,
    minimum,
    nanShare: nanCount / data.length,
    aboveOneShare: above / data.length,
    grayMatter: (sum * voxelVolume(grid)) / 1000,
  };
}

/** Pearson's correlation of two images, voxel by voxel; NaN where one of them is constant. */
export function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const n = a.length;
  let [sumA, sumB] = [0, 0];
  for (let i = 0; i < n; i++) {
    sumA += a[i];
    sumB += b[i];
  }
  const [meanA, meanB] = [sumA / n, sumB / n];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [da, db] = [a[i] - meanA, b[i] - meanB];
    ab += da * db;
    aa += da * da;
    bb += db * db;
  }
  return ab / Math.sqrt(aa * bb);
}

/**
 * Share of an image's gray matter that lies where the others have none, such as eyes taken for gray matter.
 *
 * @param rare whether (next to) no other image has gray matter at a voxel
 */
export function outsideShare(image: ArrayLike<number>, rare: (voxel: number) => boolean): number {
  let [outside, all] = [0, 0];
  for (let i = 0; i < image.length; i++) {
    all += image[i];
    if (image[i] > 0 && rare(i)) outside += image[i];
  }
  return all > 0 ? outside / all : 0;
}
