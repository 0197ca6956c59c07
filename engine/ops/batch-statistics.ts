import { GpuError } from '../errors.ts';
import { type Gpu, grid1d } from '../gpu.ts';
import { elementCount, type Tensor } from '../tensor.ts';
import type { Convolved } from './convolved.ts';
import { tensorOf } from './half-volume.ts';
import { pooledSize } from './max-pool3d.ts';
import { chunksFor } from './shapes.ts';

/** PyTorch's defaults (docs/method.md, network). */
export const EPS = 1e-5;
const MOMENTUM = 0.1;

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

/** A tensor [n, channels, ...] seen so. */
export function geometryOf({ shape }: Pick<Tensor, 'shape'>): Geometry {
  const [n, channels, ...rest] = shape;
  return { n, channels, spatial: elementCount(rest) };
}

/** A volume [n, channels, d, h, w] as [n, channels, windows], of the windows that it is pooled by. */
export function windowsOf({ shape: [n, channels, ...sizes] }: Pick<Tensor, 'shape'>): Geometry {
  return { n, channels, spatial: elementCount(sizes.map(pooledSize)) };
}

/** Each channel's mean and 1 / standard deviation over a batch, both [channels]. */
export interface Statistics {
  readonly mean: Tensor;
  readonly inverseStd: Tensor;
}

/**
 * A batch's statistics; moves the running ones.
 *
 * @param parts the batch: volumes [n, channels, ...] that differ in n only
 * @throws GpuError with one value per channel, whose variance does not exist
 */
export function batchStatistics(
  gpu: Gpu,
  parts: readonly Convolved[],
  { runningMean, runningVar }: Pick<BatchNormTensors, 'runningMean' | 'runningVar'>,
): Statistics {
  const [, channels] = parts[0].shape;
  if (valuesPerChannel(parts) < 2) {
    throw new GpuError(
      `Batch normalisation of "${parts[0].label}" has one value per channel and so no variance: use a larger batch or fewer blocks.`,
    );
  }
  const geometries = parts.map((part) => (part.half ? windowsOf : geometryOf)(part));
  const moments = inChunks(gpu, geometries, 3, (geometry, place, moments, i) =>
    parts[i].look((x) =>
      gpu.run('batchnorm_moments', {
        bindings: { x: tensorOf(x), moments },
        params: { ...geometry, ...place },
        constants: { HALF: Number(parts[i].half) },
        grid: [place.chunks, channels, 1],
      }),
    ),
  );
  const mean = gpu.empty([channels], 'batch mean');
  const inverseStd = gpu.empty([channels], 'batch inverse standard deviation');
  gpu.run('batchnorm_merge', {
    bindings: { moments, mean, inverse_std: inverseStd, running_mean: runningMean, running_var: runningVar },
    params: { channels, chunks: moments.shape[1], eps: EPS, momentum: MOMENTUM },
    grid: grid1d(channels, 64),
  });
  moments.release();
  return { mean, inverseStd };
}

/** Values of a channel in a batch of parts. */
export function valuesPerChannel(parts: readonly Pick<Tensor, 'shape'>[]): number {
  return parts.map(geometryOf).reduce((sum, { n, spatial }) => sum + n * spatial, 0);
}

/** Where a part's chunks lie among those of the batch. */
export interface Place {
  readonly chunks: number;
  readonly first: number;
  readonly total: number;
}

/**
 * Runs a reduction over each part of a batch, which leaves `width` numbers per channel and chunk.
 *
 * @returns [channels, chunks, width]
 */
export function inChunks(
  gpu: Gpu,
  parts: readonly Geometry[],
  width: number,
  reduce: (part: Geometry, place: Place, results: Tensor, index: number) => void,
): Tensor {
  const [{ spatial, channels }] = parts;
  const chunks = chunksFor(spatial, channels);
  const total = chunks * parts.length;
  const results = gpu.empty([channels, total, width], 'parts of batch statistics');
  parts.forEach((part, i) => {
    reduce(part, { chunks, first: i * chunks, total }, results, i);
  });
  return results;
}
