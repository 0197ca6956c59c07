import { InputError } from './error.ts';
import { type Grid, spacingOf } from './volume.ts';

/** What is done to an image's values before the network sees them. */
export interface Intensity {
  /** `min-max`: to [0, 1]; `z-score`: mean 0 and standard deviation 1 over the brain */
  readonly scale: 'none' | 'min-max' | 'z-score';
  /** full width at half maximum of a Gaussian, in mm; 0 for none */
  readonly smoothing: number;
}

/** The paper's: probabilities as they are. */
export const plainIntensity: Intensity = { scale: 'none', smoothing: 0 };

export const scales = ['none', 'min-max', 'z-score'] as const satisfies readonly Intensity['scale'][];

/** @throws InputError unless these are options of intensity, as a model file should hold them */
export function checkIntensity(value: unknown, where: string): asserts value is Intensity {
  const { scale, smoothing } = (value ?? {}) as Partial<Intensity>;
  if (scales.includes(scale as Intensity['scale']) && Number.isFinite(smoothing) && smoothing! >= 0) return;
  throw new InputError(
    where,
    `has the impossible intensity options ${JSON.stringify(value)}`,
    `Give scale (${scales.join(', ')}) and smoothing (mm, from 0)`,
  );
}

/**
 * An image's values as the network is to see them: smoothed, then scaled. Statistics of a z-score are over the brain, which
 * is where the values are above 0; all voxels are scaled by them.
 *
 * @param data on `grid`, C order over (x, y, z); left as it is
 * @param where for messages
 * @throws InputError for an image that holds one value only, which has no scale
 */
export function applyIntensity(
  data: Float32Array,
  grid: Grid,
  { scale, smoothing }: Intensity,
  where: string,
): Float32Array {
  const smooth = smoothing > 0 ? smoothed(data, grid, smoothing) : data;
  if (scale === 'none') return smooth;
  const [center, width] = scale === 'min-max' ? range(smooth) : brainMoments(smooth);
  if (width > 0) return smooth.map((value) => (value - center) / width);
  throw new InputError(
    where,
    `cannot be scaled (${scale}): ${scale === 'min-max' ? 'all its voxels are equal' : 'its brain has no variance'}`,
    'Leave it out ("voxmask cohort check" finds such images)',
  );
}

function range(data: Float32Array): [least: number, width: number] {
  let [least, most] = [data[0], data[0]];
  for (const value of data) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return [least, most - least];
}

/** Mean and standard deviation of the values above 0. */
function brainMoments(data: Float32Array): [mean: number, deviation: number] {
  let [count, sum] = [0, 0];
  for (const value of data) {
    if (value <= 0) continue;
    count++;
    sum += value;
  }
  const mean = sum / count;
  let squares = 0;
  for (const value of data) if (value > 0) squares += (value - mean) ** 2;
  return [mean, Math.sqrt(squares / count)];
}

/** Gaussian along each axis, cut at four standard deviations; outside the volume lies 0 (as nilearn's `smooth_img`). */
function smoothed(data: Float32Array, grid: Grid, fwhm: number): Float32Array {
  const [nx, ny, nz] = grid.shape;
  const strides = [ny * nz, nz, 1];
  const spacing = spacingOf(grid);
  let current = data;
  for (let axis = 0; axis < 3; axis++) {
    const weights = gaussian(fwhm / Math.sqrt(8 * Math.LN2) / spacing[axis]);
    const next = new Float32Array(data.length);
    const [stride, size] = [strides[axis], grid.shape[axis]];
    const reach = (weights.length - 1) / 2;
    const lines = (nx * ny * nz) / size;
    for (let line = 0; line < lines; line++) {
      const first = Math.floor(line / stride) * stride * size + (line % stride);
      for (let at = 0; at < size; at++) {
        let sum = 0;
        const [low, high] = [Math.max(-reach, -at), Math.min(reach, size - 1 - at)];
        for (let step = low; step <= high; step++)
          sum += weights[step + reach] * current[first + (at + step) * stride];
        next[first + at * stride] = sum;
      }
    }
    current = next;
  }
  return current;
}

/** Weights of a Gaussian that sum to 1. @param sigma in voxels */
function gaussian(sigma: number): number[] {
  const reach = Math.floor(4 * sigma + 0.5);
  const weights = Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.exp(-0.5 * ((i - reach) / sigma) ** 2),
  );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}
