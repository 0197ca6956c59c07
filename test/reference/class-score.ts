import { map, type NdArray } from './ndarray.ts';
import { logSoftmax, softmax } from './softmax.ts';

/** What the mask optimisation lowers: f of equation 2. */
export type ScoreKind = 'probability' | 'logProbability' | 'logit';

/** Mean over the batch of one class's probability, log-probability or logit: logits [n, c]. */
export function classScore(logits: NdArray, classIndex: number, kind: ScoreKind): number {
  const [samples, classes] = logits.shape;
  let scores = logits;
  if (kind === 'probability') scores = softmax(logits);
  if (kind === 'logProbability') scores = logSoftmax(logits);
  let sum = 0;
  for (let n = 0; n < samples; n++) sum += scores.data[n * classes + classIndex];
  return sum / samples;
}

/** Gradient of `dscore * score` with respect to the logits. */
export function classScoreGrad(logits: NdArray, classIndex: number, kind: ScoreKind, dscore = 1): NdArray {
  const [samples, classes] = logits.shape;
  const q = softmax(logits);
  return map(q, (share, i) => {
    const own = i % classes === classIndex ? 1 : 0;
    if (kind === 'logit') return (dscore * own) / samples;
    if (kind === 'logProbability') return (dscore * (own - share)) / samples;
    const probability = q.data[i - (i % classes) + classIndex];
    return (dscore * probability * (own - share)) / samples;
  });
}
