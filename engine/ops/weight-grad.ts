import type { KernelName } from '../../kernels/index.ts';
import type { Gpu } from '../gpu.ts';
import type { Tensor } from '../tensor.ts';
import { OCTET, type Tuning } from '../tuning.ts';
import { convolvedSize, lanesFor, type Stride, type VolumeShape, volumeShape } from './shapes.ts';
import { sumTileOf } from './tiles.ts';

/** Rows that a thread of conv3d_weight_grad_lanes goes down. */
const STRIP = 32;

/** Gradient of a convolution's weights, [co, ci, 3, 3, 3]: sums over chunks of the volume, which a second kernel adds. */
export function weightGrad(gpu: Gpu, x: Tensor, dy: Tensor, stride: Stride): Tensor {
  const shape = volumeShape(x);
  const ci = shape.channels;
  const co = dy.shape[1];
  const { kernel, parts, params, constants, grid } = weightGradPlan(gpu.tuning, shape, co, stride);
  const partial = gpu.empty(parts, 'weight gradient parts');
  gpu.run(kernel, { bindings: { x, dy, partial }, params, constants, grid });
  if (parts.length === 5) return partial;
  const [chunks, pairs] = parts;
  const taps = chunks > 4 ? 1 : 27; // long sums are spread over threads
  const dw = gpu.empty([co, ci, 3, 3, 3], 'weight gradient');
  gpu.run('conv3d_weight_grad_merge', {
    bindings: { partial, dw },
    params: { ci, co, chunks, taps },
    grid: [Math.ceil(pairs / 8), 27 / taps, 1],
  });
  partial.release();
  return dw;
}

/** How a weight gradient's sums are cut. */
export interface WeightGradPlan {
  readonly kernel: KernelName;
  /** shape of the sums: [chunks, octets * ci, 216], or the gradient's own where one chunk does */
  readonly parts: readonly number[];
  readonly params: Readonly<Record<string, number>>;
  readonly constants: Readonly<Record<string, number>>;
  readonly grid: [number, number, number];
}

/**
 * The kernel for a weight gradient, and how much of the volume each of its workgroups sums.
 *
 * @param shape the convolution's input
 * @param co    output channels
 */
export function weightGradPlan(
  { weightLanes, parallelGroups, tiles }: Tuning,
  shape: VolumeShape,
  co: number,
  stride: Stride,
): WeightGradPlan {
  const { n, channels: ci, d, h, w } = shape;
  const octets = Math.ceil(co / OCTET);
  const pairs = octets * ci;
  const chunksOf = (most: number, groups: number, wanted: number) =>
    Math.max(1, Math.min(most, Math.ceil(wanted / groups)));
  if (stride === 1 && tiles === 1 && ci >= 4 && d * h * w > 32) {
    const tile = sumTileOf(ci, co, w);
    const groups = Math.ceil(ci / tile.CI) * Math.ceil(octets / tile.OCTETS);
    const all = n * d * Math.ceil(h / tile.ROWS) * Math.ceil(w / tile.ACROSS);
    const chunks = chunksOf(all, groups, 2 * parallelGroups);
    return {
      kernel: 'conv3d_weight_grad_tile',
      parts: [chunks, pairs, 216],
      params: { n, ci, co, d, h, w, chunks },
      constants: { ...tile },
      grid: [groups, chunks, 1],
    };
  }
  if (stride === 1 && weightLanes === OCTET) {
    const two = co > 8;
    const items = two ? Math.ceil(co / 16) * ci : pairs;
    const strips = n * d * Math.ceil(h / STRIP) * Math.ceil(w / 6);
    const chunks = chunksOf(strips, items, parallelGroups);
    const direct = chunks === 1;
    return {
      kernel: 'conv3d_weight_grad_lanes',
      parts: direct ? [co, ci, 3, 3, 3] : [chunks, pairs, 216],
      params: { n, ci, co, d, h, w, height: STRIP, chunks },
      constants: { TWO: Number(two), DIRECT: Number(direct) },
      grid: [Math.ceil(items / 8), chunks, 1],
    };
  }
  const [od, oh, ow] = [d, h, w].map((size) => convolvedSize(size, stride));
  const lanes = lanesFor(ow, 64);
  const groups = Math.ceil((3 * pairs * lanes) / 64);
  const chunks = chunksOf(n * od, groups, parallelGroups);
  return {
    kernel: 'conv3d_weight_grad',
    parts: [chunks, pairs, 216],
    params: { n, ci, co, d, h, w, od, oh, ow, lanes, chunks },
    constants: { STRIDE: stride },
    grid: [groups, chunks, 1],
  };
}
