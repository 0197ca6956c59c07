import { gaussianNoise } from '../../engine/ops/gaussian-noise.ts';
import { batchOf, inputGradients, type Subject } from './subject.ts';

export interface GradientOptions {
  /** the gradient times the image, with its sign, in place of the gradient's absolute value */
  readonly timesInput: boolean;
}

/** The gradient of the class's score with respect to the image (Simonyan et al. 2014). */
export async function gradient(
  subject: Subject,
  image: Float32Array,
  { timesInput }: GradientOptions,
): Promise<Float32Array> {
  const x = batchOf(subject, [image]);
  const slope = await inputGradients(subject, x);
  x.release();
  return slope.map((value, voxel) => (timesInput ? value * image[voxel] : Math.abs(value)));
}

export interface SmoothGradOptions extends GradientOptions {
  readonly samples: number;
  /** standard deviation of the noise, as a share of the image's range */
  readonly noise: number;
  readonly seed: number;
}

/**
 * SmoothGrad (Smilkov et al. 2017): the mean of the gradient (its absolute value, or times the image) over noisy copies of
 * the image.
 *
 * @param part tells images of one seed apart: each has noise of its own
 * @param onProgress called with how many samples are done
 */
export async function smoothGrad(
  subject: Subject,
  image: Float32Array,
  { timesInput, samples, noise, seed }: SmoothGradOptions,
  part = 0,
  onProgress: (done: number, of: number) => void = () => {},
): Promise<Float32Array> {
  const { gpu } = subject.network;
  const [low, high] = range(image);
  const sums = new Float64Array(image.length);
  const x = batchOf(subject, [image]);
  for (let draw = 0; draw < samples; draw++) {
    const noisy = gaussianNoise(gpu, x, noise * (high - low), { seed, draw, part });
    const slope = await inputGradients(subject, noisy);
    noisy.release();
    for (let u = 0; u < sums.length; u++) sums[u] += timesInput ? slope[u] : Math.abs(slope[u]);
    onProgress(draw + 1, samples);
  }
  x.release();
  return Float32Array.from(sums, (sum, u) => ((timesInput ? image[u] : 1) * sum) / samples);
}

function range(values: Float32Array): [low: number, high: number] {
  return values.reduce<[number, number]>(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
}
