import { GpuError } from '../errors.ts';
import type { Tensor } from '../tensor.ts';

/** Dimensions of an activation tensor [n, channels, d, h, w]. */
export interface VolumeShape {
  readonly n: number;
  readonly channels: number;
  readonly d: number;
  readonly h: number;
  readonly w: number;
}

/** @throws GpuError unless the tensor has five axes */
export function volumeShape(x: Pick<Tensor, 'shape' | 'label'>): VolumeShape {
  if (x.shape.length !== 5) {
    throw new GpuError(`Tensor "${x.label}" should be [n, channels, d, h, w]; its shape is [${x.shape}].`);
  }
  const [n, channels, d, h, w] = x.shape;
  return { n, channels, d, h, w };
}

/** Voxels of a volume. */
export function voxels({ d, h, w }: { d: number; h: number; w: number }): number {
  return d * h * w;
}

/** Stride of a convolution along all three axes. */
export type Stride = 1 | 2;

/** Extent of a convolution's output along an axis of `size` voxels. */
export function convolvedSize(size: number, stride: Stride): number {
  return Math.floor((size - 1) / stride) + 1;
}

/** Smallest power of two at least `size`, at most `most`. */
export function lanesFor(size: number, most: number): number {
  let lanes = 1;
  while (lanes < size && lanes < most) lanes *= 2;
  return lanes;
}

/**
 * Grid for kernels whose workgroup of 64 threads covers `lanes` places of a row and 64 / lanes rows.
 *
 * @param places places per row, such as voxels or strips of them
 * @param rows   rows per volume
 * @param volumes the grid's third dimension
 */
export function rowGrid(places: number, rows: number, volumes: number) {
  const lanes = lanesFor(places, 8);
  const grid: [number, number, number] = [Math.ceil(places / lanes), Math.ceil((rows * lanes) / 64), volumes];
  return { lanes, grid };
}

/** Into how many chunks a reduction over `length` is cut: enough to fill a GPU, each worth its start. */
export function chunksFor(length: number, rows: number): number {
  return Math.max(1, Math.min(Math.ceil(length / 2048), Math.ceil(1024 / rows)));
}
