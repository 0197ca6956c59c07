import { type Gpu, grid1d } from '../gpu.ts';
import type { Tensor } from '../tensor.ts';
import { OCTET, type Tuning } from '../tuning.ts';
import { rowGrid, type VolumeShape, volumeShape } from './shapes.ts';
import { NARROW_TILE, tileCount, tileGrid, tileOf } from './tiles.ts';

/** Below this many output channels a thread computes one of them instead of eight. */
const NARROW = 4;

/** Up to how many voxels a volume leaves too much of any tile empty, so that products are faster. */
const FEWEST_TILED = 32;

/** Planes of windows that a thread of conv3d_narrow goes along. */
const NARROW_RUN = 8;

/** Weights in the order in which the convolution kernels read them. */
export interface PackedWeights {
  readonly packed: Tensor;
  readonly inputs: number;
  readonly outputs: number;
  /** output channels that lie together, and that a thread computes */
  readonly octet: number;
}

/** How weights are packed. */
export interface PackOptions {
  /** for the input gradient: channels change places, taps are mirrored */
  readonly transposed?: boolean;
  /** [co], multiplied into the weights */
  readonly scale?: Tensor;
  /** for kernels that compute octets only, however few channels there are */
  readonly wide?: boolean;
}

/** Packs weights [co, ci, 3, 3, 3] for the convolution kernels. */
export function packWeights(gpu: Gpu, weight: Tensor, options: PackOptions = {}): PackedWeights {
  const { transposed = false, scale, wide = false } = options;
  const [co, ci] = weight.shape;
  const [inputs, outputs] = transposed ? [co, ci] : [ci, co];
  const octet = !wide && outputs < NARROW ? 1 : OCTET;
  const size = Math.ceil(outputs / octet) * octet * inputs * 27;
  const packed = gpu.empty([size], `${weight.label} packed`);
  gpu.run('conv3d_pack', {
    bindings: { weight, scale: scale ?? weight, packed }, // without a scale the binding is not read
    params: { inputs, outputs },
    constants: { BLOCK: octet, TRANSPOSED: Number(transposed), SCALED: Number(scale !== undefined) },
    grid: grid1d(size / 27, 64),
  });
  return { packed, inputs, outputs, octet };
}

/** What a convolution does beside convolving; kernels/conv3d.wgsl says how. */
export interface ConvolveOptions {
  /** [outputs] */
  readonly bias?: Tensor;
  /** LeakyReLU of the result with this slope */
  readonly slope?: number;
  /** pools the result, and gives the codes of the maxima */
  readonly pool?: boolean;
  /** x is the gradient of a pooled LeakyReLU: its codes, and the shape of the volume before pooling */
  readonly unpool?: { readonly codes: Tensor; readonly volume: VolumeShape; readonly slope: number };
  /** a sample's result has the same bits whichever samples share its batch */
  readonly alone?: boolean;
}

/**
 * Whether volumes have so few voxels that a convolution is computed as a matrix product: the patches of conv3d would
 * leave most of the GPU without work. Pooling then has a pass of its own.
 */
export function fewVoxels({ productVoxels }: Tuning, { d, h, w }: VolumeShape): boolean {
  return d * h * w <= productVoxels;
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
  const { bias, slope, pool = false, unpool, alone = false } = options;
  if (unpool && weights.octet === OCTET) {
    const dense = leakyUnpool(gpu, x, unpool);
    const { y } = convolve(gpu, dense, weights, label, { alone });
    dense.release();
    return { y, codes: null };
  }
  const volume = unpool?.volume ?? volumeShape(x);
  const { n, d, h, w } = volume;
  const { inputs: ci, outputs: co, packed } = weights;
  if (!pool && weights.octet === OCTET && fewVoxels(gpu.tuning, volume)) {
    return { y: product(gpu, x, weights, label, options), codes: null };
  }
  const half = (size: number) => (pool ? Math.ceil(size / 2) : size);
  const y = gpu.empty([n, co, half(d), half(h), half(w)], label);
  const codes = pool ? gpu.empty(codesShape(volume, co), `${label} maxima`, 'u32') : null;
  const spare = gpu.empty([4], 'no codes', 'u32'); // a binding must hold something, even one that is not used
  if (gpu.tuning.tiles === 1) {
    convolveTiles(
      gpu,
      x,
      weights,
      volume,
      { y, codes: codes ?? spare, unpooled: unpool?.codes ?? spare },
      options,
    );
    spare.release();
    return { y, codes };
  }
  const narrow = weights.octet === 1;
  const lanes = gpu.tuning.weightLanes;
  const patches = narrow
    ? Math.ceil(Math.ceil(d / 2) / NARROW_RUN) * Math.ceil((h + (h % 2)) / 4) * Math.ceil((w + (w % 2)) / 4)
    : Math.ceil(d / 2) * Math.ceil(h / 2) * Math.ceil((w + (w % 2)) / 4);
  const threads = Math.ceil(patches / lanes) * lanes * Math.ceil(co / weights.octet);
  const [across, down] = grid1d(threads, 64);
  gpu.run(narrow ? 'conv3d_narrow' : 'conv3d', {
    bindings: {
      x,
      weight: packed,
      bias: bias ?? packed, // without a bias the binding is not read
      y,
      ...(narrow ? { codes_in: unpool?.codes ?? spare } : { codes: codes ?? spare }),
    },
    params: { n, ci, co, d, h, w, lanes, slope: unpool?.slope ?? slope ?? 1 },
    constants: {
      SUBGROUPS: Number(lanes > 1),
      HAS_BIAS: Number(bias !== undefined),
      ...(narrow
        ? { RUN: NARROW_RUN, UNPOOL: Number(unpool !== undefined) }
        : { LEAKY: Number(slope !== undefined), POOL: Number(pool) }),
    },
    grid: [across, down, n],
  });
  spare.release();
  return { y, codes };
}

/** The convolution by workgroups that bring tiles of their input to workgroup memory. */
function convolveTiles(
  gpu: Gpu,
  x: Tensor,
  { packed, inputs: ci, outputs: co, octet }: PackedWeights,
  volume: VolumeShape,
  { y, codes, unpooled }: { readonly y: Tensor; readonly codes: Tensor; readonly unpooled: Tensor },
  { bias, slope, pool, unpool }: ConvolveOptions,
): void {
  const { n, d, h, w } = volume;
  const narrow = octet === 1;
  const tile = narrow ? NARROW_TILE : tileOf(volume, co, pool);
  const known = bias ?? packed; // without a bias the binding is not read
  const HAS_BIAS = Number(bias !== undefined);
  if (narrow) {
    gpu.run('conv3d_narrow_tile', {
      bindings: { x, weight: packed, bias: known, codes_in: unpooled, y },
      params: { n, ci, co, d, h, w, slope: unpool?.slope ?? 1 },
      constants: { HAS_BIAS, UNPOOL: Number(unpool !== undefined) },
      grid: tileGrid(volume, tile, co),
    });
    return;
  }
  gpu.run('conv3d_tile', {
    bindings: { x, weight: packed, bias: known, y, codes },
    params: { n, ci, co, d, h, w, splits: 1, slope: slope ?? 1 },
    constants: { ...tile, HAS_BIAS, LEAKY: Number(slope !== undefined), POOL: Number(pool ?? false) },
    grid: tileGrid(volume, tile, Math.ceil(co / OCTET / tile.OCTETS)),
  });
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

/**
 * How a convolution of few voxels is split over its input channels, and the tile of a workgroup if it has one.
 *
 * @param volume the output
 * @param alone  as ConvolveOptions has it: how a sum is split decides how it is rounded, which then must not depend on the batch
 */
export function productPlan(tuning: Tuning, volume: VolumeShape, ci: number, alone = false) {
  const { n, channels: co, d, h, w } = volume;
  const spatial = d * h * w;
  const counted = alone ? 1 : n;
  const tile = tuning.tiles === 1 && spatial > FEWEST_TILED ? tileOf(volume, co) : null;
  const groups = tile
    ? counted * tileCount(volume, tile) * Math.ceil(co / OCTET / tile.OCTETS)
    : Math.ceil((counted * spatial) / 16) * Math.ceil(co / 64);
  // of samples alone, several are likely at work at once, and parts cost as much to add as to compute
  const enough = tuning.parallelGroups / (tile && alone ? 4 : 1);
  const inputs = Math.ceil(ci / Math.min(ci, Math.ceil(enough / groups))); // of a split
  return { tile, splits: Math.ceil(ci / inputs) };
}

/** The convolution as a matrix product. */
function product(
  gpu: Gpu,
  x: Tensor,
  weights: PackedWeights,
  label: string,
  options: ConvolveOptions,
): Tensor {
  const { n, d, h, w } = volumeShape(x);
  const { inputs: ci, outputs: co, packed } = weights;
  const { bias, slope } = options;
  const spatial = d * h * w;
  const y = gpu.empty([n, co, d, h, w], label);
  const constants = { HAS_BIAS: Number(bias !== undefined), LEAKY: Number(slope !== undefined) };
  const known = bias ?? packed; // without a bias the binding is not read
  if (gpu.tuning.weightLanes === OCTET) {
    gpu.run('conv3d_few_voxels', {
      bindings: { x, weight: packed, bias: known, y },
      params: { n, ci, co, d, h, w, slope: slope ?? 1 },
      constants,
      grid: [Math.ceil((n * spatial) / 16), Math.ceil(co / 16), 1],
    });
    return y;
  }
  const volume = { n, channels: co, d, h, w };
  const { tile, splits } = productPlan(gpu.tuning, volume, ci, options.alone);
  const partial = gpu.empty([splits, n, co, d, h, w], 'convolution parts');
  if (tile) {
    const spare = gpu.empty([4], 'no codes', 'u32');
    gpu.run('conv3d_tile', {
      bindings: { x, weight: packed, bias: packed, y: partial, codes: spare },
      params: { n, ci, co, d, h, w, splits, slope: 1 },
      constants: { ...tile, HAS_BIAS: 0 },
      grid: tileGrid(volume, tile, Math.ceil(co / OCTET / tile.OCTETS) * splits),
    });
    spare.release();
  } else {
    gpu.run('conv3d_product', {
      bindings: { x, weight: packed, partial },
      params: { n, ci, co, d, h, w, splits },
      grid: [Math.ceil((n * spatial) / 16), Math.ceil(co / 64), splits],
    });
  }
  gpu.run('conv3d_product_merge', {
    bindings: { partial, bias: known, y },
    params: { size: y.size, co, spatial, splits, slope: slope ?? 1 },
    constants,
    grid: grid1d(y.size, 64),
  });
  partial.release();
  return y;
}
