import { pooledSize } from '../../engine/ops/max-pool3d.ts';
import { convolvedSize } from '../../engine/ops/shapes.ts';
import type { Architecture } from '../../model/architecture.ts';

type Sizes = readonly [number, number, number];

/** Where the voxels of a block's output lie in the image: voxel i is centred at `offset + scale i`, in voxels, per axis. */
export interface BlockGeometry {
  readonly shape: Sizes;
  readonly scale: number;
  readonly offset: Sizes;
}

/**
 * The geometry of a block's output. Pooling joins voxels 2 i and 2 i + 1, counted from the plane of zeros that an odd axis
 * gets at its low end; a convolution of stride 2 is centred at voxel 2 i.
 */
export function blockGeometry({ inputShape, reduction }: Architecture, block: number): BlockGeometry {
  let geometry: BlockGeometry = { shape: inputShape, scale: 1, offset: [0, 0, 0] };
  for (let i = 0; i <= block; i++) geometry = halved(geometry, reduction);
  return geometry;
}

function halved(
  { shape, scale, offset }: BlockGeometry,
  reduction: Architecture['reduction'],
): BlockGeometry {
  if (reduction === 'stride') {
    return { shape: map(shape, (size) => convolvedSize(size, 2)), scale: 2 * scale, offset };
  }
  return {
    shape: map(shape, pooledSize),
    scale: 2 * scale,
    offset: map(offset, (at, axis) => at + scale * (0.5 - (shape[axis] % 2))),
  };
}

function map(sizes: Sizes, f: (size: number, axis: number) => number): [number, number, number] {
  return [f(sizes[0], 0), f(sizes[1], 1), f(sizes[2], 2)];
}

/**
 * A block's map on the image's grid, by trilinear interpolation between the centres of its voxels; beyond the outermost
 * centres the nearest value.
 *
 * @param values [x, y, z] of the block's output
 * @param shape  of the image
 */
export function upsample(
  values: Float32Array,
  { shape: coarse, scale, offset }: BlockGeometry,
  shape: Sizes,
): Float32Array {
  const along = map(shape, (_, axis) => axis).map((axis) =>
    Array.from({ length: shape[axis] }, (_, u) => between((u - offset[axis]) / scale, coarse[axis])),
  );
  const fine = new Float32Array(shape[0] * shape[1] * shape[2]);
  let u = 0;
  for (const x of along[0]) {
    for (const y of along[1]) {
      for (const z of along[2]) {
        let sum = 0;
        for (const [i, a] of x)
          for (const [j, b] of y)
            for (const [k, c] of z) sum += a * b * c * values[(i * coarse[1] + j) * coarse[2] + k];
        fine[u++] = sum;
      }
    }
  }
  return fine;
}

/** The two neighbours of a place and their weights. */
function between(place: number, size: number): readonly (readonly [index: number, weight: number])[] {
  const at = Math.max(0, Math.min(size - 1, place));
  const low = Math.min(Math.floor(at), size - 1);
  const rest = at - low;
  return rest === 0
    ? [[low, 1]]
    : [
        [low, 1 - rest],
        [low + 1, rest],
      ];
}
