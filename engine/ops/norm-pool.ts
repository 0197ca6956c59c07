import { type Gpu, grid1d } from '../gpu.ts';
import type { Tensor } from '../tensor.ts';
import {
  type BatchNormTensors,
  inChunks,
  type Statistics,
  valuesPerChannel,
  windowsOf,
} from './batch-statistics.ts';
import { codesShape } from './convolution.ts';
import type { Convolved } from './convolved.ts';
import { isHalf, type Kept, tensorOf } from './half-volume.ts';
import { rowGrid, type VolumeShape, volumeShape } from './shapes.ts';

/** What normalising and pooling leave for the backward pass, per pooled voxel. */
export interface Maxima {
  /** four bits */
  readonly codes: Tensor;
  /** the value at the maximum; null where x is in half precision, whose windows are read as fast */
  readonly tops: Tensor | null;
}

/**
 * Batch normalisation by known statistics, LeakyReLU and maxPool3d in one pass: what batchNorm, leakyRelu and maxPool3d
 * do one after the other.
 *
 * @param x     [n, channels, d, h, w]
 * @param slope LeakyReLU's, not below 0
 * @returns y [n, channels, ceil(d / 2), ceil(h / 2), ceil(w / 2)]
 */
export function normPool(
  gpu: Gpu,
  x: Kept,
  { mean, inverseStd }: Statistics,
  { gamma, beta }: Pick<BatchNormTensors, 'gamma' | 'beta'>,
  slope: number,
): { readonly y: Tensor } & Maxima {
  const shape = volumeShape(x);
  const { n, channels, d, h, w } = shape;
  const y = gpu.empty([n, channels, ...[d, h, w].map((size) => Math.ceil(size / 2))], 'pooled');
  const codes = gpu.empty(codesShape(shape, channels), 'maxima', 'u32');
  const tops = isHalf(x) ? null : gpu.empty(y.shape, 'values at maxima');
  const { lanes, grid } = pairGrid(shape);
  gpu.run('batchnorm_pool', {
    bindings: { x: tensorOf(x), mean, inverse_std: inverseStd, gamma, beta, y, codes, ...(tops && { tops }) },
    params: { n, channels, d, h, w, lanes, slope },
    constants: { HALF: Number(isHalf(x)) },
    grid,
  });
  return { y, codes, tops };
}

/**
 * Gradients of gamma and beta through normPool, and what its input gradient needs of them.
 *
 * @param parts    the batch's volumes before it
 * @param tops     what normPool left, nothing where volumes are in half precision
 * @param upstream gradients of the pooled volumes
 */
export function normPoolSums(
  gpu: Gpu,
  parts: readonly Convolved[],
  tops: readonly Tensor[],
  upstream: readonly Tensor[],
  { mean, inverseStd }: Statistics,
  { gamma, beta }: Pick<BatchNormTensors, 'gamma' | 'beta'>,
  slope: number,
): { readonly dgamma: Tensor; readonly dbeta: Tensor; readonly line: Tensor } {
  const [channels] = mean.shape;
  const sums = inChunks(gpu, parts.map(windowsOf), 2, ({ n, spatial: windows }, place, sums, i) => {
    const run = (from: Readonly<Record<string, Tensor>>) =>
      gpu.run('batchnorm_pool_grad_sums', {
        bindings: { ...from, dy: upstream[i], mean, inverse_std: inverseStd, gamma, beta, sums },
        params: { n, channels, windows, ...place, slope },
        constants: { HALF: Number(parts[i].half) },
        grid: [place.chunks, channels, 1],
      });
    if (parts[i].half) parts[i].look((x) => run({ x: tensorOf(x) }));
    else run({ tops: tops[i] });
  });
  const dgamma = gpu.empty([channels], 'gamma gradient');
  const dbeta = gpu.empty([channels], 'beta gradient');
  const line = gpu.empty([channels, 4], 'batch normalisation gradient line');
  gpu.run('batchnorm_pool_grad_merge', {
    bindings: { sums, mean, inverse_std: inverseStd, gamma, dgamma, dbeta, line },
    params: { channels, chunks: sums.shape[1], count: valuesPerChannel(parts) },
    grid: grid1d(channels, 64),
  });
  sums.release();
  return { dgamma, dbeta, line };
}

/**
 * The gradient of normPool's input, [n, channels, d, h, w]: in the memory of x, which then is no more, or beside it
 * where x is in half precision.
 *
 * @param dy   the pooled volume's
 * @param line of normPoolSums
 */
export function normPoolInputGrad(
  gpu: Gpu,
  x: Kept,
  codes: Tensor,
  dy: Tensor,
  line: Tensor,
  slope: number,
): Tensor {
  const shape = volumeShape(x);
  const { n, channels, d, h, w } = shape;
  const half = isHalf(x);
  const dx = half ? gpu.scratch(x.shape, 'gradient before normalisation') : x.view(x.shape);
  const { lanes, grid } = pairGrid(shape);
  gpu.run('batchnorm_pool_input_grad', {
    bindings: { dy, codes, line, dx, ...(half ? { x: x.words } : {}) },
    params: { n, channels, d, h, w, lanes, slope },
    constants: { HALF: Number(half) },
    grid,
  });
  return dx;
}

/** Grid of kernels whose threads take two windows along x each. */
function pairGrid({ n, channels, d, h, w }: VolumeShape) {
  return rowGrid(Math.ceil(Math.ceil(w / 2) / 2), Math.ceil(d / 2) * Math.ceil(h / 2), n * channels);
}
