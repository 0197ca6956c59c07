import type { Tape } from '../tape.ts';
import type { Tensor } from '../tensor.ts';
import { planeGrid, volumeShape } from './shapes.ts';

/** Extent of the pooled volume along an axis of `size` voxels: an odd axis is padded by one plane at its low end. */
export function pooledSize(size: number): number {
  return Math.ceil(size / 2);
}

/**
 * Maximum over 2 x 2 x 2 voxels, stride 2, an odd axis padded with one zero plane at its low end; the zero takes part
 * (METHOD.md, network).
 *
 * @param x [n, channels, d, h, w]
 * @returns [n, channels, ceil(d / 2), ceil(h / 2), ceil(w / 2)]
 */
export function maxPool3d(tape: Tape, x: Tensor): Tensor {
  const { gpu } = tape;
  const { n, channels, d, h, w } = volumeShape(x);
  const volumes = n * channels;
  const [od, oh, ow] = [d, h, w].map(pooledSize);
  const y = gpu.empty([n, channels, od, oh, ow], 'pooled');
  const argmax = gpu.empty(y.shape, 'positions of the maxima', 'u32');
  const params = { volumes, d, h, w };
  gpu.run('max_pool3d', { bindings: { x, y, argmax }, params, ...planeGrid(ow, oh, volumes * od) });
  const { shape } = x;
  return tape.record(
    'maxPool3d',
    [x],
    y,
    [argmax],
    ([argmax]) =>
      (dy) => {
        const dx = gpu.empty(shape, 'pooling gradient');
        gpu.run('max_pool3d_grad', { bindings: { dy, argmax, dx }, params, ...planeGrid(w, h, volumes * d) });
        return [dx];
      },
    [argmax],
  );
}
