import type { Grid } from '../volume.ts';
import { median, medianDeviation } from './robust.ts';

/** Ways to turn an image over that put the brain in the wrong place; left and right are another matter (`mirrored`). */
export type Flip = 'up-down' | 'front-back' | 'both';

/** An image fits better flipped where that raises its correlation with the mean by this much; sound ones lose some 0.3. */
const clearlyBetter = 0.1;

/** How an image compares with the mean once it is flipped. */
export interface Flipped {
  /** the flip that fits best, and its correlation with the mean */
  readonly flip: Flip;
  readonly correlation: number;
  /**
   * How the image's left-right asymmetry (itself minus its mirror image) correlates with that of the other images' mean:
   * above 0 as a rule, and of the opposite sign where left and right are swapped; NaN where one of them is symmetric
   */
  readonly asymmetry: number;
}

/**
 * Compares an image with the cohort's mean flipped, and their asymmetries.
 *
 * @param among how many images the mean is of, this one included; 0 where it is not
 */
export function compareFlipped(
  image: Float32Array,
  mean: Float32Array,
  grid: Pick<Grid, 'shape'>,
  among: number,
): Flipped {
  const [best] = flippedCorrelations(image, mean, grid).sort((a, b) => b.correlation - a.correlation);
  return { ...best, asymmetry: asymmetryCorrelation(image, mean, grid, among) };
}

/** Whether a flip explains why an image is unlike the mean. */
export function fitsBetter({ correlation }: Pick<Flipped, 'correlation'>, asStored: number): boolean {
  return correlation > asStored + clearlyBetter;
}

function flippedCorrelations(
  image: Float32Array,
  mean: Float32Array,
  { shape: [nx, ny, nz] }: Pick<Grid, 'shape'>,
): { flip: Flip; correlation: number }[] {
  // A flip changes neither the mean nor the variance of an image, so that one pass over its gray matter serves all flips.
  let [sum, squares, meanSum, meanSquares, upDown, frontBack, both] = [0, 0, 0, 0, 0, 0, 0];
  for (let x = 0, i = 0; x < nx; x++) {
    for (let y = 0; y < ny; y++) {
      const [row, other] = [(x * ny + y) * nz, (x * ny + ny - 1 - y) * nz];
      for (let z = 0; z < nz; z++, i++) {
        const there = mean[i];
        if (there !== 0) {
          meanSum += there;
          meanSquares += there * there;
        }
        const value = image[i];
        if (value === 0) continue;
        sum += value;
        squares += value * value;
        upDown += value * mean[row + nz - 1 - z];
        frontBack += value * mean[other + z];
        both += value * mean[other + nz - 1 - z];
      }
    }
  }
  const n = image.length;
  const spread = Math.sqrt((squares - sum ** 2 / n) * (meanSquares - meanSum ** 2 / n));
  const of = (flip: Flip, products: number) => ({
    flip,
    correlation: (products - (sum * meanSum) / n) / spread,
  });
  return [of('up-down', upDown), of('front-back', frontBack), of('both', both)];
}

function asymmetryCorrelation(
  image: Float32Array,
  mean: Float32Array,
  { shape: [nx, ny, nz] }: Pick<Grid, 'shape'>,
  among: number,
): number {
  const plane = ny * nz;
  let [products, own, others] = [0, 0, 0];
  for (let x = 0; x < nx >> 1; x++) {
    for (let i = x * plane, j = (nx - 1 - x) * plane, end = i + plane; i < end; i++, j++) {
      const mine = image[i] - image[j];
      const all = mean[i] - mean[j];
      // The image is taken out of the mean: else it would resemble it by its own part.
      const theirs = among > 0 ? among * all - mine : all;
      products += mine * theirs;
      own += mine * mine;
      others += theirs * theirs;
    }
  }
  return products / Math.sqrt(own * others);
}

/** Whether left and right can be told apart in a cohort, and from where on an image counts as mirrored. */
export interface Sides {
  /** median and robust standard deviation of the images' asymmetry correlations */
  readonly usual: number;
  readonly spread: number;
  /** false where the cohort is too small, or its brains are too symmetric, to find a mirrored image */
  readonly distinct: boolean;
}

const leastImages = 10; // for a spread that means something
const leastUsual = 0.1;
const leastRatio = 3;

/**
 * A mirrored image has the asymmetry of the others with its sign reversed. That can be seen only where the brains share an
 * asymmetry that exceeds its differences between people: the median must be 3 spreads above 0, and then an image nearer to the
 * mirrored median than to 0 is 4.5 spreads off.
 */
export function sidesOf(asymmetries: readonly number[]): Sides {
  const known = asymmetries.filter((one) => !Number.isNaN(one));
  if (known.length < leastImages) return { usual: Number.NaN, spread: Number.NaN, distinct: false };
  const [usual, spread] = [median(known), medianDeviation(known)];
  return { usual, spread, distinct: usual > leastUsual && usual > leastRatio * spread };
}

/** Whether an image's asymmetry is nearer to the mirrored one than to none. */
export function isMirrored(asymmetry: number, { usual, distinct }: Sides): boolean {
  return distinct && asymmetry < -usual / 2;
}
