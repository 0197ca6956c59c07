import { GpuError } from '../errors.ts';
import { type Gpu, grid1d } from '../gpu.ts';
import type { Tape } from '../tape.ts';
import type { Tensor } from '../tensor.ts';
import { channelSums } from './channel-sums.ts';
import { lanesFor, rowGrid, type VolumeShape, volumeShape } from './shapes.ts';

/** Stride of a convolution along all three axes. */
export type Stride = 1 | 2;

/** Below this many output channels a thread computes one channel instead of eight. */
const NARROW = 4;

/**
 * 3 x 3 x 3 convolution with padding 1 (docs/method.md, network).
 *
 * @param x      [n, ci, d, h, w]
 * @param weight [co, ci, 3, 3, 3]
 * @param bias   [co]
 * @returns [n, co, d', h', w'], d' = floor((d - 1) / stride) + 1
 */
export function conv3d(tape: Tape, x: Tensor, weight: Tensor, bias: Tensor, stride: Stride): Tensor {
  const { gpu } = tape;
  const shape = volumeShape(x);
  const [co, ci] = weight.shape;
  if (ci !== shape.channels || weight.shape.slice(2).some((size) => size !== 3)) {
    throw new GpuError(
      `Convolution "${weight.label}" [${weight.shape}] does not fit its input [${x.shape}].`,
    );
  }
  const y = stride === 1 ? convolve(gpu, x, weight, bias, false) : convolveStrided(gpu, x, weight, bias);
  return tape.record('conv3d', [x, weight, bias], y, [x, weight], ([x, weight]) => (dy, needs) => [
    needs[0] ? inputGrad(gpu, dy, weight, shape, stride) : null,
    needs[1] ? weightGrad(gpu, x, dy, co, stride) : null,
    needs[2] ? channelSums(gpu, dy, `${weight.label} bias gradient`) : null,
  ]);
}

/** Extent of the output along an axis of `size` voxels. */
export function convolvedSize(size: number, stride: Stride): number {
  return Math.floor((size - 1) / stride) + 1;
}

function pack(gpu: Gpu, weight: Tensor, block: number, transposed: boolean): Tensor {
  const [rows, columns] = weight.shape;
  const [inputs, outputs] = transposed ? [rows, columns] : [columns, rows];
  const size = Math.ceil(outputs / block) * block * inputs * 27;
  const packed = gpu.empty([size], `${weight.label} packed`);
  gpu.run('conv3d_pack', {
    bindings: { weight, packed },
    params: { inputs, outputs },
    constants: { BLOCK: block, TRANSPOSED: Number(transposed) },
    grid: grid1d(size, 256),
  });
  return packed;
}

/** Stride 1: the convolution, or with `transposed` its input gradient (then without bias). */
function convolve(gpu: Gpu, x: Tensor, weight: Tensor, bias: Tensor | null, transposed: boolean): Tensor {
  const { n, channels: ci, d, h, w } = volumeShape(x);
  const co = weight.shape[transposed ? 1 : 0];
  const narrow = co < NARROW;
  const packed = pack(gpu, weight, narrow ? 1 : 8, transposed);
  const y = gpu.empty([n, co, d, h, w], `${weight.label} ${transposed ? 'input gradient' : 'output'}`);
  const { lanes, grid } = rowGrid(
    Math.ceil(w / 8),
    d * (narrow ? Math.ceil(h / 4) : h),
    n * (narrow ? co : Math.ceil(co / 8)),
  );
  gpu.run(narrow ? 'conv3d_narrow' : 'conv3d', {
    bindings: { x, weight: packed, bias: bias ?? packed, y }, // without a bias the binding is not read
    params: { n, ci, co, d, h, w, lanes },
    constants: { HAS_BIAS: Number(bias !== null) },
    grid,
  });
  packed.release();
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
  const packed = pack(gpu, weight, 8, false);
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
  if (stride === 1) return convolve(gpu, dy, weight, null, true);
  const { n, channels: ci, d, h, w } = shape;
  const co = weight.shape[0];
  const packed = pack(gpu, weight, 8, true);
  const dx = gpu.empty([n, ci, d, h, w], `${weight.label} input gradient`);
  const { lanes, grid } = rowGrid(w, d * h, n * Math.ceil(ci / 8));
  gpu.run('conv3d_strided_input_grad', {
    bindings: { dy, weight: packed, dx },
    params: { n, ci, co, d, h, w, ...stridedSizes(shape), lanes },
    grid,
  });
  packed.release();
  return dx;
}

function weightGrad(gpu: Gpu, x: Tensor, dy: Tensor, co: number, stride: Stride): Tensor {
  const { n, channels: ci, d, h, w } = volumeShape(x);
  const { d: od, h: oh, w: ow } = volumeShape(dy);
  const items = Math.ceil(co / 8) * ci * 3;
  const lanes = lanesFor(ow, 64);
  const groups = Math.ceil((items * lanes) / 64);
  const chunks = Math.max(1, Math.min(n * od, Math.ceil(512 / groups)));
  const partial = gpu.empty([chunks, items, 72], 'weight gradient parts');
  gpu.run('conv3d_weight_grad', {
    bindings: { x, dy, partial },
    params: { n, ci, co, d, h, w, od, oh, ow, lanes, chunks },
    constants: { STRIDE: stride },
    grid: [groups, chunks, 1],
  });
  const dw = gpu.empty([co, ci, 3, 3, 3], 'weight gradient');
  gpu.run('conv3d_weight_grad_merge', {
    bindings: { partial, dw },
    params: { ci, co, chunks },
    grid: grid1d(dw.size, 256),
  });
  partial.release();
  return dw;
}
