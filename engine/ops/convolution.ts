import type { KernelName } from '../../kernels/index.ts';
import { type Gpu, grid1d, type KernelCall } from '../gpu.ts';
import type { Tensor } from '../tensor.ts';
import { OCTET, type Tuning } from '../tuning.ts';
import { convolveFew, fewVoxels, type SumOptions } from './convolve-few.ts';
import { emptyHalf, type HalfVolume } from './half-volume.ts';
import type { PackedWeights } from './pack-weights.ts';
import { rowGrid, type VolumeShape, volumeShape } from './shapes.ts';
import { NARROW_TILE, tileGrid, tileOf } from './tiles.ts';

/** Planes of windows that a thread of conv3d_narrow goes along. */
const NARROW_RUN = 8;

/** What a convolution does beside convolving; kernels/conv3d.wgsl says how. */
export interface ConvolveOptions extends SumOptions {
  /** pools the result, and gives the codes of the maxima */
  readonly pool?: boolean;
  /** x is the gradient of a pooled LeakyReLU: its codes, and the shape of the volume before pooling */
  readonly unpool?: { readonly codes: Tensor; readonly volume: VolumeShape; readonly slope: number };
}

/** Shape of the codes of a pooled volume: two windows along x share a word. */
export function codesShape({ n, d, h, w }: VolumeShape, channels: number): number[] {
  return [n, channels, Math.ceil(d / 2), Math.ceil(h / 2), Math.ceil(Math.ceil(w / 2) / 2)];
}

/**
 * 3 x 3 x 3 convolution, stride 1, padding 1, with what surrounds it in the network done on the way.
 *
 * @param x [n, inputs, d, h, w]; with `unpool` the pooled gradient
 * @returns y [n, outputs, d, h, w] or its pooled volume, and with `pool` the codes
 */
export function convolve(
  gpu: Gpu,
  x: Tensor,
  weights: PackedWeights,
  label: string,
  options: ConvolveOptions = {},
): { y: Tensor; codes: Tensor | null } {
  const { pool = false, unpool, alone = false } = options;
  if (unpool && weights.octet === OCTET) {
    const dense = leakyUnpool(gpu, x, unpool);
    const { y } = convolve(gpu, dense, weights, label, { alone });
    dense.release();
    return { y, codes: null };
  }
  const volume = unpool?.volume ?? volumeShape(x);
  if (!pool && weights.octet === OCTET && fewVoxels(gpu.tuning, volume)) {
    return { y: convolveFew(gpu, x, weights, label, options), codes: null };
  }
  const { n, d, h, w } = volume;
  const { outputs: co } = weights;
  const pooled = (size: number) => (pool ? Math.ceil(size / 2) : size);
  const y = gpu.empty([n, co, pooled(d), pooled(h), pooled(w)], label);
  const codes = pool ? gpu.empty(codesShape(volume, co), `${label} maxima`, 'u32') : null;
  run(gpu, x, weights, volume, { y, codes }, options);
  return { y, codes };
}

/**
 * The convolution with its result rounded to half precision, for volumes of more than few voxels.
 *
 * @param x       [n, inputs, d, h, w]
 * @param weights packed for octets
 * @param bias    [outputs]
 */
export function convolveHalf(
  gpu: Gpu,
  x: Tensor,
  weights: PackedWeights,
  label: string,
  bias: Tensor,
): HalfVolume {
  const volume = volumeShape(x);
  const y = emptyHalf(gpu, { ...volume, channels: weights.outputs }, label);
  run(gpu, x, weights, volume, { y: y.words, codes: null }, { bias, half: true });
  return y;
}

type RunOptions = ConvolveOptions & { readonly half?: boolean };

/** Runs the kernel that the device's tuning and the weights' packing ask for. */
function run(
  gpu: Gpu,
  x: Tensor,
  weights: PackedWeights,
  volume: VolumeShape,
  { y, codes }: { readonly y: Tensor; readonly codes: Tensor | null },
  options: RunOptions,
): void {
  const { kernel, ...plan } = (gpu.tuning.tiles === 1 ? tiledPlan : patchedPlan)(
    gpu.tuning,
    weights,
    volume,
    options,
  );
  const spare = gpu.empty([4], 'no codes', 'u32'); // a binding must hold something, even one that is not used
  gpu.run(kernel, {
    ...plan,
    bindings: {
      x,
      weight: weights.packed,
      bias: options.bias ?? weights.packed, // without a bias the binding is not read
      y,
      ...(isNarrow(weights) ? { codes_in: options.unpool?.codes ?? spare } : { codes: codes ?? spare }),
    },
  });
  spare.release();
}

type Plan = Omit<KernelCall, 'bindings'> & { readonly kernel: KernelName };

function isNarrow({ octet }: PackedWeights): boolean {
  return octet === 1;
}

/** The convolution by workgroups that bring tiles of their input to workgroup memory. */
function tiledPlan(_: Tuning, weights: PackedWeights, volume: VolumeShape, options: RunOptions): Plan {
  const { inputs: ci, outputs: co } = weights;
  const { n, d, h, w } = volume;
  const narrow = isNarrow(weights);
  const tile = narrow ? NARROW_TILE : tileOf(volume, co, options.pool);
  return {
    kernel: narrow ? 'conv3d_narrow_tile' : 'conv3d_tile',
    params: { n, ci, co, d, h, w, ...(narrow ? {} : { splits: 1 }), slope: slopeOf(options) },
    constants: { ...(narrow ? {} : tile), ...switches(weights, options) },
    grid: tileGrid(volume, tile, narrow ? co : Math.ceil(co / OCTET / tile.OCTETS)),
  };
}

/** The convolution by threads that load what their patch needs. */
function patchedPlan(tuning: Tuning, weights: PackedWeights, volume: VolumeShape, options: RunOptions): Plan {
  const { inputs: ci, outputs: co, octet } = weights;
  const { n, d, h, w } = volume;
  const narrow = isNarrow(weights);
  const lanes = tuning.weightLanes;
  const patches = narrow
    ? Math.ceil(Math.ceil(d / 2) / NARROW_RUN) * Math.ceil((h + (h % 2)) / 4) * Math.ceil((w + (w % 2)) / 4)
    : Math.ceil(d / 2) * Math.ceil(h / 2) * Math.ceil((w + (w % 2)) / 4);
  const threads = Math.ceil(patches / lanes) * lanes * Math.ceil(co / octet);
  const [across, down] = grid1d(threads, 64);
  return {
    kernel: narrow ? 'conv3d_narrow' : 'conv3d',
    params: { n, ci, co, d, h, w, lanes, slope: slopeOf(options) },
    constants: {
      SUBGROUPS: Number(lanes > 1),
      ...(narrow ? { RUN: NARROW_RUN } : {}),
      ...switches(weights, options),
    },
    grid: [across, down, n],
  };
}

function slopeOf({ slope, unpool }: RunOptions): number {
  return unpool?.slope ?? slope ?? 1;
}

function switches(weights: PackedWeights, { bias, slope, pool, half, unpool }: RunOptions) {
  const HAS_BIAS = Number(bias !== undefined);
  if (isNarrow(weights)) return { HAS_BIAS, UNPOOL: Number(unpool !== undefined) };
  return {
    HAS_BIAS,
    LEAKY: Number(slope !== undefined),
    POOL: Number(pool ?? false),
    HALF: Number(half ?? false),
  };
}

/** The gradient before LeakyReLU and pooling, [n, channels, d, h, w], from that of the pooled volume. */
function leakyUnpool(
  gpu: Gpu,
  dy: Tensor,
  { codes, volume, slope }: NonNullable<ConvolveOptions['unpool']>,
): Tensor {
  const [n, channels] = dy.shape;
  const { d, h, w } = volume;
  const volumes = n * channels;
  const dx = gpu.empty([n, channels, d, h, w], 'gradient before pooling');
  const { lanes, grid } = rowGrid(
    codesShape(volume, channels)[4],
    Math.ceil(d / 2) * Math.ceil(h / 2),
    volumes,
  );
  gpu.run('leaky_unpool', {
    bindings: { dy, codes, dx },
    params: { volumes, d, h, w, lanes, slope },
    grid,
  });
  return dx;
}
