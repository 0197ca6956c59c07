import { map, type NdArray } from './ndarray.ts';

/** Logarithm of softmax over the classes of logits [n, c]; the largest logit is taken out so that no exp overflows. */
export function logSoftmax(logits: NdArray): NdArray {
  const classes = logits.shape[1];
  return map(logits, (value, i) => {
    const start = i - (i % classes);
    const row = logits.data.subarray(start, start + classes);
    const largest = Math.max(...row);
    const sum = row.reduce((total, other) => total + Math.exp(other - largest), 0);
    return value - largest - Math.log(sum);
  });
}

/** Softmax over the classes of logits [n, c]. */
export function softmax(logits: NdArray): NdArray {
  return map(logSoftmax(logits), Math.exp);
}
