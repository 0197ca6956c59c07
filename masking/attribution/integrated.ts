import { batches } from '../../model/predict.ts';
import { batchOf, inputGradients, muAt, type Subject, scoresOf, together } from './subject.ts';

export interface IntegratedOptions {
  /** points on the way from the baseline to the image */
  readonly steps: number;
  readonly batchSize: number;
}

/** How well the attributions add up to what they explain. */
export interface Completeness {
  /** sum of the attributions */
  readonly sum: number;
  /** score of the image minus that of the baseline: what the sum is with ever more steps */
  readonly difference: number;
}

/**
 * Integrated gradients (Sundararajan et al. 2017): (X - mu) times the mean of the gradient on the straight way from the
 * baseline mu to the image X, taken at the middle of `steps` equal pieces. The attributions are signed and sum to the
 * difference of the two scores, up to the error of the sum in place of the integral.
 *
 * @param onProgress called with how many of the steps are done
 */
export async function integratedGradients(
  subject: Subject,
  image: Float32Array,
  { steps, batchSize }: IntegratedOptions,
  onProgress: (done: number, of: number) => void = () => {},
): Promise<{ map: Float32Array; completeness: Completeness }> {
  const baseline = image.map((_, u) => muAt(subject.mu, u));
  const sums = new Float64Array(image.length);
  const shares = Array.from({ length: steps }, (_, k) => (k + 0.5) / steps);
  let done = 0;
  for (const run of batches(shares, together(subject, batchSize))) {
    const x = batchOf(
      subject,
      run.map((share) => image.map((value, u) => baseline[u] + share * (value - baseline[u]))),
    );
    const slopes = await inputGradients(subject, x);
    x.release();
    for (let i = 0; i < slopes.length; i++) sums[i % image.length] += slopes[i];
    done += run.length;
    onProgress(done, steps);
  }
  const map = Float32Array.from(sums, (sum, u) => ((image[u] - baseline[u]) * sum) / steps);
  const scores: number[] = [];
  for (const run of batches([image, baseline], together(subject, 2))) {
    const ends = batchOf(subject, run);
    scores.push(...(await scoresOf(subject, ends)));
    ends.release();
  }
  const [above, below] = scores;
  return {
    map,
    completeness: { sum: map.reduce((sum, value) => sum + value, 0), difference: above - below },
  };
}
