import { type Gpu, grid1d } from '../gpu.ts';
import type { Tensor } from '../tensor.ts';
import { OCTET, type Tuning } from '../tuning.ts';
import type { PackedWeights } from './pack-weights.ts';
import { type VolumeShape, volumeShape } from './shapes.ts';
import { tileCount, tileGrid, tileOf } from './tiles.ts';

/** Up to how many voxels a volume leaves too much of any tile empty, so that products are faster. */
const FEWEST_TILED = 32;

/**
 * Whether volumes have so few voxels that a convolution is computed as a matrix product: the patches of conv3d would
 * leave most of the GPU without work. Pooling then has a pass of its own.
 */
export function fewVoxels({ productVoxels }: Tuning, { d, h, w }: VolumeShape): boolean {
  return d * h * w <= productVoxels;
}

/**
 * How a convolution of few voxels is split over its input channels, and the tile of a workgroup if it has one.
 *
 * @param volume the output
 * @param alone  as SumOptions has it: how a sum is split decides how it is rounded, which then must not depend on the batch
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

/** What a convolution does with its sums. */
export interface SumOptions {
  /** [outputs] */
  readonly bias?: Tensor;
  /** LeakyReLU of the result with this slope */
  readonly slope?: number;
  /** a sample's result has the same bits whichever samples share its batch */
  readonly alone?: boolean;
}

/** The convolution as a matrix product: of x [n, inputs, d, h, w] to [n, outputs, d, h, w]. */
export function convolveFew(
  gpu: Gpu,
  x: Tensor,
  weights: PackedWeights,
  label: string,
  options: SumOptions,
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
