import type { Gpu } from '../gpu.ts';
import type { Tensor } from '../tensor.ts';
import { pooledSize } from './max-pool3d.ts';
import type { VolumeShape } from './shapes.ts';

/** A volume [n, channels, d, h, w] in half precision, pooling window after pooling window (kernels/shared/half_window.wgsl). */
export interface HalfVolume {
  readonly shape: readonly number[];
  readonly label: string;
  /** [n, channels, ceil(d / 2), ceil(h / 2), ceil(w / 2), 4], two values in each */
  readonly words: Tensor;
}

/** Memory for such a volume. */
export function emptyHalf(gpu: Gpu, { n, channels, d, h, w }: VolumeShape, label: string): HalfVolume {
  const windows = [d, h, w].map(pooledSize);
  return {
    shape: [n, channels, d, h, w],
    label,
    words: gpu.empty([n, channels, ...windows, 4], label, 'u32'),
  };
}

/** A convolution's volume as training keeps it. */
export type Kept = Tensor | HalfVolume;

/** Whether it is in half precision. */
export function isHalf(volume: Kept): volume is HalfVolume {
  return 'words' in volume;
}

/** The memory that holds it. */
export function tensorOf(volume: Kept): Tensor {
  return isHalf(volume) ? volume.words : volume;
}
