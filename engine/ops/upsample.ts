import { GpuError } from '../errors.ts';
import type { Tape } from '../tape.ts';
import type { Tensor } from '../tensor.ts';
import { pooledSize } from './max-pool3d.ts';
import { rowGrid, volumeShape } from './shapes.ts';

/**
 * Takes a pooled volume back to the size before: each voxel gets the value of the 2 x 2 x 2 window that maxPool3d put it in,
 * so an odd axis lacks the first voxel of its first window (docs/method.md, pretraining).
 *
 * @param x     [n, channels, ceil(d / 2), ceil(h / 2), ceil(w / 2)]
 * @param sizes d, h, w
 * @returns [n, channels, d, h, w]
 * @throws GpuError when x is not of that size
 */
export function upsample(tape: Tape, x: Tensor, sizes: readonly [number, number, number]): Tensor {
  const { gpu } = tape;
  const { n, channels, ...small } = volumeShape(x);
  const [d, h, w] = sizes;
  const [od, oh, ow] = sizes.map(pooledSize);
  if (od !== small.d || oh !== small.h || ow !== small.w) {
    throw new GpuError(`Tensor "${x.label}" [${x.shape}] is not the pooled size of [${sizes}].`);
  }
  const volumes = n * channels;
  const shape = { volumes, d, h, w };
  const y = gpu.empty([n, channels, d, h, w], 'upsampled');
  const { lanes, grid } = rowGrid(w, d * h, volumes);
  gpu.run('upsample', { bindings: { x, y }, params: { ...shape, lanes }, grid });
  const before = x.shape;
  return tape.record('upsample', [x], y, [], () => (dy) => {
    const dx = gpu.empty(before, 'upsampling gradient');
    const { lanes, grid } = rowGrid(ow, od * oh, volumes);
    gpu.run('upsample_grad', { bindings: { dy, dx }, params: { ...shape, lanes }, grid });
    return [dx];
  });
}
