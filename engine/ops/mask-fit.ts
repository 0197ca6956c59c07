import { GpuError } from '../errors.ts';
import type { Tensor } from '../tensor.ts';

/** How masks, images and mu lie together. */
export interface MaskFit {
  readonly masks: number;
  /** images of each mask, which follow one another */
  readonly each: number;
  /** voxels of a mask */
  readonly voxels: number;
  readonly shape: readonly [number, number, number];
  /** what the kernels are compiled for: whether mu is a volume, and whether each image has its own */
  readonly constants: { readonly MU_VOLUME: number; readonly MU_OWN: number };
}

/**
 * Fits masks [d, h, w] or [masks, d, h, w] to images of as many voxels, each mask to equally many, and to mu: [1], [d, h, w],
 * or [n, d, h, w] for one of each image.
 *
 * @throws GpuError if they do not fit together
 */
export function maskFit(m: Tensor, x: Tensor, mu: Tensor): MaskFit {
  const shape = m.shape.slice(-3) as [number, number, number];
  const voxels = shape[0] * shape[1] * shape[2];
  const masks = m.size / voxels;
  const each = x.size / m.size;
  const own = x.size > voxels && mu.size === x.size;
  if (!Number.isInteger(each) || (mu.size !== 1 && mu.size !== voxels && !own))
    throw new GpuError(`Masks [${m.shape}], images [${x.shape}] and mu [${mu.shape}] do not fit together.`);
  return {
    masks,
    each,
    voxels,
    shape,
    constants: { MU_VOLUME: Number(mu.size > 1), MU_OWN: Number(own) },
  };
}
