import type { Gpu } from '../gpu.ts';
import type { Tensor } from '../tensor.ts';
import type { VolumeShape } from './shapes.ts';

/** How training keeps the volumes of its convolutions for the backward pass; all arithmetic is in float32. */
export const activations = ['float32', 'float16'] as const;
export type Activations = (typeof activations)[number];

/** A volume [n, channels, d, h, w] in half precision, pooling window after pooling window (kernels/shared/half_window.wgsl). */
export interface HalfVolume {
  readonly shape: readonly number[];
  readonly label: string;
  /** [n, channels, ceil(d / 2), ceil(h / 2), ceil(w / 2), 4], two values in each */
  readonly words: Tensor;
}

/** Memory for such a volume. */
export function emptyHalf(gpu: Gpu, { n, channels, d, h, w }: VolumeShape, label: string): HalfVolume {
  const windows = [d, h, w].map((size) => Math.ceil(size / 2));
  return {
    shape: [n, channels, d, h, w],
    label,
    words: gpu.empty([n, channels, ...windows, 4], label, 'u32'),
  };
}

/** Its values as [n, channels, windows]. */
export function windowsOf({ words }: HalfVolume) {
  const [n, channels, d, h, w] = words.shape;
  return { n, channels, spatial: d * h * w };
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
