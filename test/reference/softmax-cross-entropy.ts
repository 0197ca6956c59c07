import { map, type NdArray } from './ndarray.ts';
import { logSoftmax, softmax } from './softmax.ts';

/**
 * Cross-entropy of logits [n, c] against one label per sample.
 * @returns the loss of each sample, and their mean
 */
export function softmaxCrossEntropy(
  logits: NdArray,
  labels: readonly number[],
): { loss: number; perSample: number[] } {
  const [samples, classes] = logits.shape;
  const logs = logSoftmax(logits);
  const perSample = labels.map((label, n) => -logs.data[n * classes + label]);
  return { loss: perSample.reduce((sum, value) => sum + value, 0) / samples, perSample };
}

/** Gradient of `dloss * loss` with respect to the logits. */
export function softmaxCrossEntropyGrad(logits: NdArray, labels: readonly number[], dloss = 1): NdArray {
  const [samples, classes] = logits.shape;
  return map(softmax(logits), (q, i) => {
    const target = i % classes === labels[Math.floor(i / classes)] ? 1 : 0;
    return (dloss * (q - target)) / samples;
  });
}
