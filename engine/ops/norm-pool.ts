import { type Gpu, grid1d } from '../gpu.ts';
import type { Tape } from '../tape.ts';
import type { Tensor } from '../tensor.ts';
import { type BatchNormTensors, batchStatistics } from './batchnorm.ts';
import { codesShape } from './convolution.ts';
import { chunksFor, lanesFor, rowGrid, type VolumeShape, volumeShape, voxels } from './shapes.ts';

/**
 * Batch normalisation by the batch's statistics (moving the running ones), LeakyReLU and maxPool3d in one pass: what
 * batchNorm in training, leakyRelu and maxPool3d do one after the other. Kept for the backward pass are x and four
 * bits per pooled voxel; the normalised values are computed again.
 *
 * @param x     [n, channels, d, h, w]
 * @param slope LeakyReLU's, above 0
 * @returns [n, channels, ceil(d / 2), ceil(h / 2), ceil(w / 2)]
 */
export function normPool(tape: Tape, x: Tensor, tensors: BatchNormTensors, slope: number): Tensor {
  const { gpu } = tape;
  const { gamma, beta } = tensors;
  const shape = volumeShape(x);
  const { n, channels, d, h, w } = shape;
  const { mean, inverseStd } = batchStatistics(gpu, x, { n, channels, spatial: voxels(shape) }, tensors);
  const y = gpu.empty([n, channels, ...[d, h, w].map((size) => Math.ceil(size / 2))], 'pooled');
  const codes = gpu.empty(codesShape(shape, channels), 'maxima', 'u32');
  const { lanes, grid } = pairGrid(shape);
  gpu.run('batchnorm_pool', {
    bindings: { x, mean, inverse_std: inverseStd, gamma, beta, y, codes },
    params: { n, channels, d, h, w, lanes, slope },
    grid,
  });
  return tape.record(
    'normPool',
    [x, gamma, beta],
    y,
    [x, mean, inverseStd, gamma, codes],
    ([x, mean, inverseStd, gamma, codes]) =>
      (dy, needs) =>
        backward(gpu, { x, mean, inverseStd, gamma, codes, dy }, shape, slope, needs),
    [mean, inverseStd, codes],
  );
}

interface Saved {
  readonly x: Tensor;
  readonly mean: Tensor;
  readonly inverseStd: Tensor;
  readonly gamma: Tensor;
  readonly codes: Tensor;
  readonly dy: Tensor;
}

function backward(gpu: Gpu, saved: Saved, shape: VolumeShape, slope: number, needs: readonly boolean[]) {
  const { n, channels, d, h, w } = shape;
  const { x, mean, inverseStd, gamma, codes, dy } = saved;
  const chunks = chunksFor(voxels(shape) / 8, channels);
  const sums = gpu.empty([channels, chunks, 2], 'batch normalisation gradient parts');
  gpu.run('batchnorm_pool_grad_sums', {
    bindings: { x, dy, codes, mean, inverse_std: inverseStd, sums },
    params: { n, channels, d, h, w, chunks, lanes: lanesFor(Math.ceil(w / 2), 64), slope },
    grid: [chunks, channels, 1],
  });
  const dgamma = gpu.empty([channels], 'gamma gradient');
  const dbeta = gpu.empty([channels], 'beta gradient');
  const line = gpu.empty([channels, 4], 'batch normalisation gradient line');
  gpu.run('batchnorm_pool_grad_merge', {
    bindings: { sums, mean, inverse_std: inverseStd, gamma, dgamma, dbeta, line },
    params: { channels, chunks, count: n * voxels(shape) },
    grid: grid1d(channels, 64),
  });
  sums.release();
  const dx = needs[0] ? inputGrad(gpu, saved, line, shape, slope) : null;
  line.release();
  if (!needs[1]) dgamma.release();
  if (!needs[2]) dbeta.release();
  return [dx, needs[1] ? dgamma : null, needs[2] ? dbeta : null];
}

function inputGrad(gpu: Gpu, { x, codes, dy }: Saved, line: Tensor, shape: VolumeShape, slope: number) {
  const { n, channels, d, h, w } = shape;
  const dx = gpu.empty(x.shape, 'batch normalisation input gradient');
  const { lanes, grid } = pairGrid(shape);
  gpu.run('batchnorm_pool_input_grad', {
    bindings: { x, dy, codes, line, dx },
    params: { n, channels, d, h, w, lanes, slope },
    grid,
  });
  return dx;
}

/** Grid of kernels whose threads take two windows along x each. */
function pairGrid({ n, channels, d, h, w }: VolumeShape) {
  return rowGrid(Math.ceil(Math.ceil(w / 2) / 2), Math.ceil(d / 2) * Math.ceil(h / 2), n * channels);
}
