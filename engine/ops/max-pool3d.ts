import type { Tape } from '../tape.ts';
import type { Tensor } from '../tensor.ts';
import { rowGrid, volumeShape } from './shapes.ts';

/** Extent of the pooled volume along an axis of `size` voxels: an odd axis is padded by one plane at its low end. */
export function pooledSize(size: number): number {
  return Math.ceil(size / 2);
}

/**
 * Maximum over 2 x 2 x 2 voxels, stride 2, an odd axis padded with one zero plane at its low end; the zero takes part
 * (docs/method.md, network).
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
  const shape = { volumes, d, h, w };
  const { lanes, grid } = rowGrid(ow, od * oh, volumes);
  gpu.run('max_pool3d', { bindings: { x, y, argmax }, params: { ...shape, lanes }, grid });
  const before = x.shape;
  return tape.record(
    'maxPool3d',
    [x],
    y,
    [argmax],
    ([argmax]) =>
      (dy) => {
        const dx = gpu.empty(before, 'pooling gradient');
        const { lanes, grid } = rowGrid(w, d * h, volumes);
        gpu.run('max_pool3d_grad', { bindings: { dy, argmax, dx }, params: { ...shape, lanes }, grid });
        return [dx];
      },
    [argmax],
  );
}
