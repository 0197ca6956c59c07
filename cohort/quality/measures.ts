import type { Decoded } from '../decoding/job.ts';
import { voxelVolume } from '../volume.ts';
import { valueRange } from './scale.ts';

/** What is measured on one image by itself. */
export interface Measures {
  readonly maximum: number;
  readonly minimum: number;
  /** share of the voxels that are NaN in the file */
  readonly nanShare: number;
  /** share of the voxels that are clearly above 1, which no probability is */
  readonly aboveOneShare: number;
  /** what values are divided by before images are compared: 1, or the scale of a map stored as 0 to 255, say */
  readonly scale: number;
  /** sum of the divided values times the voxel's volume, in millilitres */
  readonly grayMatter: number;
  /** number of different values; null where there are more than `fewValues` */
  readonly differentValues: number | null;
}

/** Maps of probabilities have more different values than this, even with 8 bits and few voxels. */
export const fewValues = 16;

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
  const { scale } = valueRange(maximum);
  return {
    maximum,
    minimum,
    nanShare: nanCount / data.length,
    aboveOneShare: above / data.length,
    scale,
    grayMatter: (sum * voxelVolume(grid)) / (1000 * scale),
    differentValues: countDifferent(data),
  };
}

/** Ends early in all images but those of few values. */
function countDifferent(data: Float32Array): number | null {
  const found: number[] = [];
  let last = Number.NaN;
  for (const value of data) {
    if (value === last) continue;
    last = value;
    if (found.includes(value)) continue;
    if (found.length === fewValues) return null;
    found.push(value);
  }
  return found.length;
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
 * Share of an image's gray matter that is where the others have none, such as eyes taken for gray matter.
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
