import type { Gpu } from '../gpu.ts';
import type { Tensor } from '../tensor.ts';
import { chunksFor } from './shapes.ts';
import { sumRows } from './sum.ts';

/** Sum of x [n, channels, ...] over everything but the channels: [channels]. */
export function channelSums(gpu: Gpu, x: Tensor, label: string): Tensor {
  const [n, channels] = x.shape;
  const spatial = x.size / (n * channels);
  const chunks = chunksFor(spatial, channels);
  const parts = gpu.empty([channels, chunks], label);
  gpu.run('channel_sums', {
    bindings: { x, y: parts },
    params: { n, channels, spatial, chunks },
    grid: [chunks, channels, 1],
  });
  const sums = sumRows(gpu, parts, channels, chunks, 1, label);
  parts.release();
  return sums;
}
