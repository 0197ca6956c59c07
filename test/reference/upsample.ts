import { poolSize } from './max-pool3d.ts';
import { type NdArray, offset, zeros } from './ndarray.ts';

/** Calls `visit(yi, xi)` for every voxel of the large volume, with the voxel of the small one whose window it lies in. */
function eachVoxel(
  small: readonly number[],
  sizes: readonly number[],
  visit: (yi: number, xi: number) => void,
) {
  const [samples, channels] = small;
  const [depth, height, width] = sizes;
  let yi = 0;
  for (let n = 0; n < samples; n++)
    for (let c = 0; c < channels; c++)
      for (let d = 0; d < depth; d++)
        for (let h = 0; h < height; h++)
          for (let w = 0; w < width; w++) {
            // An odd axis has a plane before its first voxel, which shares the first window.
            const [od, oh, ow] = [d, h, w].map((i, axis) => Math.floor((i + (sizes[axis] % 2)) / 2));
            visit(yi, offset(small, n, c, od, oh, ow));
            yi += 1;
          }
}

/** Nearest-neighbour upsampling to twice the size, an odd axis without its first voxel: the way back of `maxPool3d`. */
export function upsample(x: NdArray, sizes: readonly [number, number, number]): NdArray {
  const y = zeros([...x.shape.slice(0, 2), ...sizes]);
  eachVoxel(x.shape, sizes, (yi, xi) => {
    y.data[yi] = x.data[xi];
  });
  return y;
}

/** Gradient of `upsample`: each voxel gathers the dy of those that copied it. */
export function upsampleGrad(dy: NdArray): NdArray {
  const [n, c, ...sizes] = dy.shape;
  const dx = zeros([n, c, ...sizes.map(poolSize)]);
  eachVoxel(dx.shape, sizes, (yi, xi) => {
    dx.data[xi] += dy.data[yi];
  });
  return dx;
}
