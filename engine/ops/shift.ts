import { GpuError } from '../errors.ts';
import type { Gpu } from '../gpu.ts';
import type { Tape } from '../tape.ts';
import type { Tensor } from '../tensor.ts';
import { volumeShape, voxels } from './shapes.ts';

/** Voxels that a volume is moved by along d, h and w; whole numbers. */
export type Offset = readonly [number, number, number];

/**
 * Every volume moved by an offset of its own: y(u) = x(u - s), with zeros for what comes in from outside. Its gradient is moved
 * back in the same way.
 *
 * @param x       [n, 1, d, h, w]
 * @param offsets of each volume
 * @returns the shape of x
 * @throws GpuError unless there is one offset for each volume
 */
export function shift(tape: Tape, x: Tensor, offsets: readonly Offset[]): Tensor {
  const y = moved(tape.gpu, x, offsets);
  const back = offsets.map(([z, y, x]): Offset => [-z, -y, -x]);
  return tape.record('shift', [x], y, [], () => (dy) => [moved(tape.gpu, dy, back)]);
}

function moved(gpu: Gpu, x: Tensor, offsets: readonly Offset[]): Tensor {
  const { n, channels, d, h, w } = volumeShape(x);
  const volumes = n * channels;
  if (offsets.length !== volumes)
    throw new GpuError(`${offsets.length} offsets were given for the ${volumes} volumes of "${x.label}".`);
  const reach = Math.max(...offsets.flat().map(Math.abs));
  const held = gpu.tensor(
    [volumes, 3],
    Uint32Array.from(offsets.flatMap((offset) => offset.map((s) => reach + s))),
    'offsets',
  );
  const y = gpu.empty(x.shape, 'moved images');
  gpu.run('shift', {
    bindings: { x, offsets: held, y },
    params: { volumes, d, h, w, reach },
    grid: [Math.ceil(voxels({ d, h, w }) / 256), 1, volumes],
  });
  held.release();
  return y;
}
