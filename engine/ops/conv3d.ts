import { GpuError } from '../errors.ts';
import type { Gpu } from '../gpu.ts';
import type { Tape } from '../tape.ts';
import type { Tensor } from '../tensor.ts';
import { OCTET } from '../tuning.ts';
import { channelSums } from './channel-sums.ts';
import { convolve, type PackedWeights, packWeights } from './convolution.ts';
import { lanesFor, rowGrid, type VolumeShape, volumeShape } from './shapes.ts';
import { sumTileOf } from './tiles.ts';

/** Stride of a convolution along all three axes. */
export type Stride = 1 | 2;

/**
 * 3 x 3 x 3 convolution with padding 1 (docs/method.md, network).
 *
 * @param x      [n, ci, d, h, w]
 * @param weight [co, ci, 3, 3, 3]
 * @param bias   [co]
 * @param normalised whether batch normalisation in training follows, which takes the mean off again: the bias then has
 *               a gradient of 0, where adding up would give rounding noise
 * @returns [n, co, d', h', w'], d' = floor((d - 1) / stride) + 1
 */
export function conv3d(
  tape: Tape,
  x: Tensor,
  weight: Tensor,
  bias: Tensor,
  stride: Stride,
  normalised = false,
): Tensor {
  const { gpu } = tape;
  const shape = volumeShape(x);
  const [co, ci] = weight.shape;
  if (ci !== shape.channels || weight.shape.slice(2).some((size) => size !== 3)) {
    throw new GpuError(
      `Convolution "${weight.label}" [${weight.shape}] does not fit its input [${x.shape}].`,
    );
  }
  const y = stride === 1 ? convolveDense(gpu, x, weight, bias) : convolveStrided(gpu, x, weight, bias);
  return tape.record('conv3d', [x, weight, bias], y, [x, weight], ([x, weight]) => (dy, needs) => [
    needs[0] ? inputGrad(gpu, dy, weight, shape, stride) : null,
    needs[1] ? weightGrad(gpu, x, dy, co, stride) : null,
    needs[2] ? biasGrad(gpu, dy, normalised) : null,
  ]);
}

function biasGrad(gpu: Gpu, dy: Tensor, normalised: boolean): Tensor {
  const label = 'convolution bias gradient';
  return normalised ? gpu.full([dy.shape[1]], 0, label) : channelSums(gpu, dy, label);
}

/** Rows that a thread of conv3d_weight_grad_lanes goes down. */
const STRIP = 32;

/** Extent of the output along an axis of `size` voxels. */
export function convolvedSize(size: number, stride: Stride): number {
  return Math.floor((size - 1) / stride) + 1;
}

function convolveDense(gpu: Gpu, x: Tensor, weight: Tensor, bias: Tensor): Tensor {
  const weights = packWeights(gpu, weight);
  const { y } = convolve(gpu, x, weights, `${weight.label} output`, { bias });
  weights.packed.release();
  return y;
}

function stridedSizes({ d, h, w }: VolumeShape) {
  return { od: convolvedSize(d, 2), oh: convolvedSize(h, 2), ow: convolvedSize(w, 2) };
}

function convolveStrided(gpu: Gpu, x: Tensor, weight: Tensor, bias: Tensor): Tensor {
  const shape = volumeShape(x);
  const { n, channels: ci, d, h, w } = shape;
  const { od, oh, ow } = stridedSizes(shape);
  const co = weight.shape[0];
  const { packed } = packWeights(gpu, weight, { wide: true });
  const y = gpu.empty([n, co, od, oh, ow], `${weight.label} output`);
  const { lanes, grid } = rowGrid(ow, od * oh, n * Math.ceil(co / 8));
  gpu.run('conv3d_strided', {
    bindings: { x, weight: packed, bias, y },
    params: { n, ci, co, d, h, w, od, oh, ow, lanes },
    grid,
  });
  packed.release();
  return y;
}

function inputGrad(gpu: Gpu, dy: Tensor, weight: Tensor, shape: VolumeShape, stride: Stride): Tensor {
  const label = `${weight.label} input gradient`;
  const weights = packWeights(gpu, weight, { transposed: true, wide: stride === 2 });
  const dx =
    stride === 1 ? convolve(gpu, dy, weights, label).y : stridedInputGrad(gpu, dy, weights, shape, label);
  weights.packed.release();
  return dx;
}

function stridedInputGrad(
  gpu: Gpu,
  dy: Tensor,
  weights: PackedWeights,
  shape: VolumeShape,
  label: string,
): Tensor {
  const { n, channels: ci, d, h, w } = shape;
  const co = weights.inputs;
  const dx = gpu.empty([n, ci, d, h, w], label);
  const { lanes, grid } = rowGrid(w, d * h, n * Math.ceil(ci / 8));
  gpu.run('conv3d_strided_input_grad', {
    bindings: { dy, weight: weights.packed, dx },
    params: { n, ci, co, d, h, w, ...stridedSizes(shape), lanes },
    grid,
  });
  return dx;
}

/** First part: sums per chunk of the volume, [chunks, octets, ci, 27, 8], or the gradient itself where one chunk does. */
function weightGradParts(gpu: Gpu, x: Tensor, dy: Tensor, co: number, stride: Stride): Tensor {
  const { n, channels: ci, d, h, w } = volumeShape(x);
  const { d: od, h: oh, w: ow } = volumeShape(dy);
  const pairs = Math.ceil(co / 8) * ci;
  const label = 'weight gradient parts';
  const { weightLanes, parallelGroups, tiles } = gpu.tuning;
  if (stride === 1 && tiles === 1 && worthTiles(ci, d * h * w)) return tiledParts(gpu, x, dy, label);
  if (stride === 1 && weightLanes === OCTET) {
    const two = co > 8;
    const items = two ? Math.ceil(co / 16) * ci : pairs;
    const strips = n * d * Math.ceil(h / STRIP) * Math.ceil(w / 6);
    const chunks = Math.max(1, Math.min(strips, Math.ceil(parallelGroups / items)));
    const direct = chunks === 1;
    const partial = gpu.empty(direct ? [co, ci, 3, 3, 3] : [chunks, pairs, 216], label);
    gpu.run('conv3d_weight_grad_lanes', {
      bindings: { x, dy, partial },
      params: { n, ci, co, d, h, w, height: STRIP, chunks },
      constants: { TWO: Number(two), DIRECT: Number(direct) },
      grid: [Math.ceil(items / 8), chunks, 1],
    });
    return partial;
  }
  const lanes = lanesFor(ow, 64);
  const groups = Math.ceil((3 * pairs * lanes) / 64);
  const chunks = Math.max(1, Math.min(n * od, Math.ceil(parallelGroups / groups)));
  const partial = gpu.empty([chunks, pairs, 216], label);
  gpu.run('conv3d_weight_grad', {
    bindings: { x, dy, partial },
    params: { n, ci, co, d, h, w, od, oh, ow, lanes, chunks },
    constants: { STRIDE: stride },
    grid: [groups, chunks, 1],
  });
  return partial;
}

/** Whether there are channels to share a tile, and voxels to fill it. */
function worthTiles(ci: number, voxels: number): boolean {
  return ci >= 4 && voxels > 32;
}

function tiledParts(gpu: Gpu, x: Tensor, dy: Tensor, label: string): Tensor {
  const { n, channels: ci, d, h, w } = volumeShape(x);
  const co = dy.shape[1];
  const octets = Math.ceil(co / OCTET);
  const tile = sumTileOf(ci, co, w);
  const groups = Math.ceil(ci / tile.CI) * Math.ceil(octets / tile.OCTETS);
  const tiles = n * d * Math.ceil(h / tile.ROWS) * Math.ceil(w / tile.ACROSS);
  const chunks = Math.max(1, Math.min(tiles, Math.ceil((2 * gpu.tuning.parallelGroups) / groups)));
  const partial = gpu.empty([chunks, octets * ci, 216], label);
  gpu.run('conv3d_weight_grad_tile', {
    bindings: { x, dy, partial },
    params: { n, ci, co, d, h, w, chunks },
    constants: { ...tile },
    grid: [groups, chunks, 1],
  });
  return partial;
}

function weightGrad(gpu: Gpu, x: Tensor, dy: Tensor, co: number, stride: Stride): Tensor {
  const ci = x.shape[1];
  const partial = weightGradParts(gpu, x, dy, co, stride);
  if (partial.shape.length === 5) return partial;
  const [chunks, pairs] = partial.shape;
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
