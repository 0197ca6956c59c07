import { GpuError } from '../errors.ts';
import type { Gpu } from '../gpu.ts';
import type { Tape } from '../tape.ts';
import type { Tensor } from '../tensor.ts';

/**
 * Sizes of the grid whose values lie at every `spacing`-th voxel of a volume, from the first on, and reach up to the last voxel
 * or beyond: ceil((size - 1) / spacing) + 1 along each axis.
 */
export function coarseShape(shape: readonly number[], spacing: number): [number, number, number] {
  const [d, h, w] = shape.slice(-3).map((size) => Math.ceil((size - 1) / spacing) + 1);
  return [d, h, w];
}

/**
 * Volumes from values on a coarser grid, linearly between them along each axis (docs/method.md, a coarse mask).
 *
 * @param x     [volumes, ...coarseShape(shape, spacing)], or without the first axis
 * @param shape d, h, w
 * @returns [volumes, d, h, w], or without the first axis
 * @throws GpuError when x is not of that size
 */
export function trilinear(tape: Tape, x: Tensor, shape: readonly number[], spacing: number): Tensor {
  const { gpu } = tape;
  const y = spread(gpu, x, shape, spacing);
  const before = x.shape;
  return tape.record('trilinear', [x], y, [], () => (dy) => [gather(gpu, dy, before, spacing)]);
}

/** `trilinear` without a tape. */
export function spread(gpu: Gpu, x: Tensor, shape: readonly number[], spacing: number): Tensor {
  const sizes = coarseShape(shape, spacing);
  if (x.shape.slice(-3).join() !== sizes.join())
    throw new GpuError(`Values [${x.shape}] are not those of [${shape}] at every ${spacing} voxels.`);
  const [d, h, w] = shape;
  const volumes = x.size / (sizes[0] * sizes[1] * sizes[2]);
  const y = gpu.empty([...x.shape.slice(0, -3), d, h, w], 'volumes of a coarse grid');
  gpu.run('trilinear', {
    bindings: { x, y },
    params: { volumes, d, h, w, spacing },
    grid: [Math.ceil((d * h * w) / 256), 1, volumes],
  });
  return y;
}

/**
 * The adjoint of `trilinear`: what a gradient of the volumes is to the values on the grid.
 *
 * @param dy     [volumes, d, h, w], or without the first axis
 * @param coarse the shape of the values
 */
export function gather(gpu: Gpu, dy: Tensor, coarse: readonly number[], spacing: number): Tensor {
  const [d, h, w] = dy.shape.slice(-3);
  const volumes = dy.size / (d * h * w);
  const dx = gpu.empty(coarse, 'gradient on a coarse grid');
  gpu.run('trilinear_grad', {
    bindings: { dy, dx },
    params: { volumes, d, h, w, spacing },
    grid: [Math.ceil(dx.size / volumes / 64), 1, volumes],
  });
  return dx;
}
