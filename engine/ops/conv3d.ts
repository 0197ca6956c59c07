import { GpuError } from '../errors.ts';
import type { Gpu } from '../gpu.ts';
import type { Tape } from '../tape.ts';
import type { Tensor } from '../tensor.ts';
import { channelSums } from './channel-sums.ts';
import { convolve } from './convolution.ts';
import { type PackedWeights, packWeights } from './pack-weights.ts';
import { convolvedSize, rowGrid, type Stride, type VolumeShape, volumeShape } from './shapes.ts';
import { weightGrad } from './weight-grad.ts';

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
  checkWeight(weight, x);
  const y = stride === 1 ? convolveDense(gpu, x, weight, bias) : convolveStrided(gpu, x, weight, bias);
  return tape.record('conv3d', [x, weight, bias], y, [x, weight], ([x, weight]) => (dy, needs) => [
    needs[0] ? convolutionInputGrad(gpu, dy, weight, shape, stride) : null,
    needs[1] ? weightGrad(gpu, x, dy, stride) : null,
    needs[2] ? biasGrad(gpu, dy, normalised) : null,
  ]);
}

/** @throws GpuError unless the weight is 3 x 3 x 3 and has the channels of its input */
export function checkWeight(weight: Tensor, x: Tensor): void {
  const [, ci, ...taps] = weight.shape;
  if (ci === volumeShape(x).channels && taps.every((size) => size === 3)) return;
  throw new GpuError(`Convolution "${weight.label}" [${weight.shape}] does not fit its input [${x.shape}].`);
}

function biasGrad(gpu: Gpu, dy: Tensor, normalised: boolean): Tensor {
  const label = 'convolution bias gradient';
  return normalised ? gpu.full([dy.shape[1]], 0, label) : channelSums(gpu, dy, label);
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

/**
 * The gradient of a convolution's input.
 *
 * @param dy    of its output
 * @param shape the input's
 */
export function convolutionInputGrad(
  gpu: Gpu,
  dy: Tensor,
  weight: Tensor,
  shape: VolumeShape,
  stride: Stride,
): Tensor {
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
