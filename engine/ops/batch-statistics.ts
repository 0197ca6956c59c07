import { GpuError } from '../errors.ts';
import { type Gpu, grid1d } from '../gpu.ts';
import type { Tensor } from '../tensor.ts';
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
export function geometryOf(x: Tensor): Geometry {
  const [n, channels] = x.shape;
  return { n, channels, spatial: x.size / (n * channels) };
}

/**
 * Mean and 1 / standard deviation of each channel over the batch, both [channels]; moves the running ones.
 *
 * @param parts the batch: tensors [n, channels, ...] that differ in n only
 * @throws GpuError with one value per channel, whose variance does not exist
 */
export function batchStatistics(
  gpu: Gpu,
  parts: readonly Tensor[],
  { runningMean, runningVar }: BatchNormTensors,
): { mean: Tensor; inverseStd: Tensor } {
  const { channels } = geometryOf(parts[0]);
  if (valuesPerChannel(parts) < 2) {
    throw new GpuError(
      `Batch normalisation of "${parts[0].label}" has one value per channel and so no variance: use a larger batch or fewer blocks.`,
    );
  }
  const moments = inChunks(gpu, parts, 3, (x, geometry, place, moments) =>
    gpu.run('batchnorm_moments', {
      bindings: { x, moments },
      params: { ...geometry, ...place },
      grid: [place.chunks, channels, 1],
    }),
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
export function valuesPerChannel(parts: readonly Tensor[]): number {
  return parts.reduce((sum, part) => sum + part.size / part.shape[1], 0);
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
  parts: readonly Tensor[],
  width: number,
  reduce: (part: Tensor, geometry: Geometry, place: Place, results: Tensor, index: number) => void,
): Tensor {
  const geometry = geometryOf(parts[0]);
  const chunks = chunksFor(geometry.spatial, geometry.channels);
  const total = chunks * parts.length;
  const results = gpu.empty([geometry.channels, total, width], 'parts of batch statistics');
  parts.forEach((part, i) => {
    reduce(part, geometryOf(part), { chunks, first: i * chunks, total }, results, i);
  });
  return results;
}
