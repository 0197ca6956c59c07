import { map, type NdArray, zeros } from './ndarray.ts';

/** Mean and variance of each channel, both [c]. */
export interface Statistics {
  mean: NdArray;
  variance: NdArray;
}

/** Gradients of batch normalisation: dx shaped as x; dgamma and dbeta [c]. */
export interface BatchNormGrad {
  dx: NdArray;
  dgamma: NdArray;
  dbeta: NdArray;
}

/** The channel of element i of x [n, c, ...]. */
function channelOf(x: NdArray): (i: number) => number {
  const spatial = x.data.length / (x.shape[0] * x.shape[1]);
  return (i) => Math.floor(i / spatial) % x.shape[1];
}

/** Sum per channel [c] of values shaped as x. */
function channelSums(x: NdArray): NdArray {
  const sums = zeros([x.shape[1]]);
  const channel = channelOf(x);
  for (let i = 0; i < x.data.length; i++) sums.data[channel(i)] += x.data[i];
  return sums;
}

/** How many values each channel of x [n, c, ...] has. */
export function valuesPerChannel(x: NdArray): number {
  return x.data.length / x.shape[1];
}

/** Mean and biased variance of the batch. Throws for one value per channel, as PyTorch does. */
function batchStatistics(x: NdArray): Statistics {
  const count = valuesPerChannel(x);
  if (count < 2) throw new Error('Batch normalisation in training needs more than one value per channel');
  const channel = channelOf(x);
  const mean = map(channelSums(x), (sum) => sum / count);
  const squares = map(x, (value, i) => (value - mean.data[channel(i)]) ** 2);
  return { mean, variance: map(channelSums(squares), (sum) => sum / count) };
}

/** (x - mean) / sqrt(variance + eps), shaped as x. */
function normalise(x: NdArray, { mean, variance }: Statistics, eps: number): NdArray {
  const channel = channelOf(x);
  return map(x, (value, i) => (value - mean.data[channel(i)]) / Math.sqrt(variance.data[channel(i)] + eps));
}

/**
 * Batch normalisation by the batch's own statistics: x [n, c, ...], gamma and beta [c].
 * Throws for one value per channel.
 * @returns y shaped as x, and the batch's mean and biased variance [c]
 */
export function batchNormTrain(
  x: NdArray,
  gamma: NdArray,
  beta: NdArray,
  eps: number,
): Statistics & { y: NdArray } {
  const statistics = batchStatistics(x);
  return { ...statistics, y: batchNormEval(x, gamma, beta, statistics.mean, statistics.variance, eps) };
}

/** Gradients of `batchNormTrain` for dy shaped as x: the batch's mean and variance depend on x too. */
export function batchNormTrainGrad(x: NdArray, gamma: NdArray, eps: number, dy: NdArray): BatchNormGrad {
  const { mean, variance } = batchStatistics(x);
  const count = valuesPerChannel(x);
  const channel = channelOf(x);
  const xhat = normalise(x, { mean, variance }, eps);
  const dbeta = channelSums(dy);
  const dgamma = channelSums(map(dy, (value, i) => value * xhat.data[i]));
  const dx = map(dy, (value, i) => {
    const c = channel(i);
    const centred = value - dbeta.data[c] / count - (xhat.data[i] * dgamma.data[c]) / count;
    return (gamma.data[c] / Math.sqrt(variance.data[c] + eps)) * centred;
  });
  return { dx, dgamma, dbeta };
}

/**
 * Running statistics after one more training batch: (1 - momentum) running + momentum batch, with the unbiased
 * variance of the batch. `count` is its number of values per channel. Throws for one, whose variance is undefined.
 */
export function runningUpdate(
  running: Statistics,
  batch: Statistics,
  count: number,
  momentum = 0.1,
): Statistics {
  if (count < 2) throw new Error('The unbiased variance of one value is undefined');
  return {
    mean: map(running.mean, (old, c) => (1 - momentum) * old + momentum * batch.mean.data[c]),
    variance: map(running.variance, (old, c) => {
      const unbiased = (batch.variance.data[c] * count) / (count - 1);
      return (1 - momentum) * old + momentum * unbiased;
    }),
  };
}

/** Batch normalisation by given statistics: y = gamma (x - mean) / sqrt(variance + eps) + beta, per channel. */
export function batchNormEval(
  x: NdArray,
  gamma: NdArray,
  beta: NdArray,
  mean: NdArray,
  variance: NdArray,
  eps: number,
): NdArray {
  const channel = channelOf(x);
  const xhat = normalise(x, { mean, variance }, eps);
  return map(xhat, (value, i) => gamma.data[channel(i)] * value + beta.data[channel(i)]);
}

/** Gradients of `batchNormEval` for dy shaped as x; the statistics are constants. */
export function batchNormEvalGrad(
  x: NdArray,
  gamma: NdArray,
  mean: NdArray,
  variance: NdArray,
  eps: number,
  dy: NdArray,
): BatchNormGrad {
  const channel = channelOf(x);
  const xhat = normalise(x, { mean, variance }, eps);
  return {
    dx: map(dy, (value, i) => (value * gamma.data[channel(i)]) / Math.sqrt(variance.data[channel(i)] + eps)),
    dgamma: channelSums(map(dy, (value, i) => value * xhat.data[i])),
    dbeta: channelSums(dy),
  };
}
