import { GpuError } from '../errors.ts';
import { type Gpu, grid1d } from '../gpu.ts';
import type { Tape } from '../tape.ts';
import type { Tensor } from '../tensor.ts';
import { chunksFor } from './shapes.ts';

/** PyTorch's defaults (docs/method.md, network). */
export const EPS = 1e-5;
export const MOMENTUM = 0.1;

/** A batch normalisation's tensors, all [channels]; the running ones are moved in training. */
export interface BatchNormTensors {
  readonly gamma: Tensor;
  readonly beta: Tensor;
  readonly runningMean: Tensor;
  readonly runningVar: Tensor;
}

/** A tensor seen as [n, channels, spatial]. */
export interface Geometry {
  readonly n: number;
  readonly channels: number;
  readonly spatial: number;
}

/**
 * Batch normalisation of x [n, channels, ...]: by the batch's statistics in training (moving the running ones), by
 * the running ones in evaluation.
 *
 * @throws GpuError in training with one value per channel, whose variance does not exist
 */
export function batchNorm(tape: Tape, x: Tensor, tensors: BatchNormTensors, training: boolean): Tensor {
  const { gpu } = tape;
  const { gamma, beta } = tensors;
  const [n, channels] = x.shape;
  const geometry = { n, channels, spatial: x.size / (n * channels) };
  const statistics = training
    ? batchStatistics(gpu, x, geometry, tensors)
    : runningStatistics(gpu, geometry, tensors);
  const y = gpu.empty(x.shape, `${gamma.label} output`);
  gpu.run('batchnorm', {
    bindings: { x, mean: statistics.mean, inverse_std: statistics.inverseStd, gamma, beta, y },
    params: { ...geometry },
    grid: [Math.ceil(geometry.spatial / 1024), channels, n],
  });
  return tape.record(
    'batchNorm',
    [x, gamma, beta],
    y,
    [x, statistics.mean, statistics.inverseStd, gamma],
    ([x, mean, inverseStd, gamma]) =>
      (dy, needs) =>
        backward(gpu, { x, mean, inverseStd, gamma, dy }, geometry, training, needs),
    [statistics.mean, statistics.inverseStd],
  );
}

/** Mean and 1 / standard deviation of each channel over the batch, both [channels]; moves the running ones. */
export function batchStatistics(
  gpu: Gpu,
  x: Tensor,
  geometry: Geometry,
  { runningMean, runningVar }: BatchNormTensors,
) {
  const { n, channels, spatial } = geometry;
  if (n * spatial < 2) {
    throw new GpuError(
      `Batch normalisation of "${x.label}" has one value per channel and so no variance: use a larger batch or fewer blocks.`,
    );
  }
  const chunks = chunksFor(spatial, channels);
  const moments = gpu.empty([channels, chunks, 3], 'batch moments');
  gpu.run('batchnorm_moments', {
    bindings: { x, moments },
    params: { ...geometry, chunks },
    grid: [chunks, channels, 1],
  });
  const mean = gpu.empty([channels], 'batch mean');
  const inverseStd = gpu.empty([channels], 'batch inverse standard deviation');
  gpu.run('batchnorm_merge', {
    bindings: { moments, mean, inverse_std: inverseStd, running_mean: runningMean, running_var: runningVar },
    params: { channels, chunks, eps: EPS, momentum: MOMENTUM },
    grid: grid1d(channels, 64),
  });
  moments.release();
  return { mean, inverseStd };
}

function runningStatistics(gpu: Gpu, { channels }: Geometry, { runningMean, runningVar }: BatchNormTensors) {
  const inverseStd = gpu.empty([channels], 'running inverse standard deviation');
  gpu.run('batchnorm_inverse_std', {
    bindings: { running_var: runningVar, inverse_std: inverseStd },
    params: { channels, eps: EPS },
    grid: grid1d(channels, 64),
  });
  return { mean: runningMean.share(), inverseStd };
}

interface Saved {
  readonly x: Tensor;
  readonly mean: Tensor;
  readonly inverseStd: Tensor;
  readonly gamma: Tensor;
  readonly dy: Tensor;
}

function backward(gpu: Gpu, saved: Saved, geometry: Geometry, training: boolean, needs: readonly boolean[]) {
  const wantsInput = needs[0];
  const sums = needs[1] || needs[2] || (training && wantsInput) ? parameterGrads(gpu, saved, geometry) : null;
  const dx = wantsInput ? inputGrad(gpu, saved, geometry, training, sums) : null;
  if (sums && !needs[1]) sums.dgamma.release();
  if (sums && !needs[2]) sums.dbeta.release();
  return [dx, needs[1] ? sums!.dgamma : null, needs[2] ? sums!.dbeta : null];
}

function parameterGrads(gpu: Gpu, { x, mean, inverseStd, dy }: Saved, geometry: Geometry) {
  const { channels, spatial } = geometry;
  const chunks = chunksFor(spatial, channels);
  const sums = gpu.empty([channels, chunks, 2], 'batch normalisation gradient parts');
  gpu.run('batchnorm_grad_sums', {
    bindings: { x, dy, mean, inverse_std: inverseStd, sums },
    params: { ...geometry, chunks },
    grid: [chunks, channels, 1],
  });
  const dgamma = gpu.empty([channels], 'gamma gradient');
  const dbeta = gpu.empty([channels], 'beta gradient');
  gpu.run('batchnorm_grad_merge', {
    bindings: { sums, dgamma, dbeta },
    params: { channels, chunks },
    grid: grid1d(channels, 64),
  });
  sums.release();
  return { dgamma, dbeta };
}

function inputGrad(
  gpu: Gpu,
  { x, mean, inverseStd, gamma, dy }: Saved,
  geometry: Geometry,
  training: boolean,
  sums: { dgamma: Tensor; dbeta: Tensor } | null,
): Tensor {
  const dx = gpu.empty(x.shape, 'batch normalisation input gradient');
  gpu.run('batchnorm_input_grad', {
    // in evaluation the sums are not read; any tensor may stand in their place
    bindings: {
      dy,
      x,
      mean,
      inverse_std: inverseStd,
      gamma,
      dgamma: sums?.dgamma ?? gamma,
      dbeta: sums?.dbeta ?? gamma,
      dx,
    },
    params: { ...geometry },
    constants: { TRAINING: Number(training) },
    grid: [Math.ceil(geometry.spatial / 1024), geometry.channels, geometry.n],
  });
  return dx;
}
