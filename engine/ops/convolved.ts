import type { Gpu } from '../gpu.ts';
import type { Tensor } from '../tensor.ts';
import { convolve, convolveHalf } from './convolution.ts';
import { fewVoxels } from './convolve-few.ts';
import { isHalf, type Kept, tensorOf } from './half-volume.ts';
import { packWeights } from './pack-weights.ts';
import { volumeShape } from './shapes.ts';

/**
 * What training does with the volumes of its convolutions, which the backward pass needs again: keeps them, keeps them rounded
 * to half precision, or computes them again. All arithmetic is in float32.
 */
export const activations = ['float32', 'float16', 'recomputed'] as const;
export type Activations = (typeof activations)[number];

/** A convolution's volume [n, channels, d, h, w], for the normalisation behind it. */
export interface Convolved {
  readonly shape: readonly number[];
  readonly label: string;
  /** whether it is in half precision */
  readonly half: boolean;
  /** Gives the volume to `work`; it may not exist before and after. */
  look<T>(work: (volume: Kept) => T): T;
}

/** A volume that is there already. */
export function atHand(volume: Kept): Convolved {
  const { shape, label } = volume;
  return { shape, label, half: isHalf(volume), look: (work) => work(volume) };
}

/** A volume that is computed whenever it is looked at, and released behind it. */
export function computed(gpu: Gpu, x: Tensor, weight: Tensor, bias: Tensor): Convolved {
  const [n, , ...sizes] = x.shape;
  return {
    shape: [n, weight.shape[0], ...sizes],
    label: labelOf(weight),
    half: false,
    look: (work) => {
      const volume = convolveFor('float32', gpu, x, weight, bias);
      const result = work(volume);
      tensorOf(volume).release();
      return result;
    },
  };
}

/**
 * The convolution of x [n, ci, d, h, w], in half precision if it is to be kept so and has more than few voxels.
 *
 * @param weight [co, ci, 3, 3, 3]
 * @param bias   [co]
 */
export function convolveFor(
  stored: 'float32' | 'float16',
  gpu: Gpu,
  x: Tensor,
  weight: Tensor,
  bias: Tensor,
): Kept {
  const half = stored === 'float16' && !fewVoxels(gpu.tuning, volumeShape(x));
  const weights = packWeights(gpu, weight, { wide: half });
  const volume = half
    ? convolveHalf(gpu, x, weights, labelOf(weight), bias)
    : convolve(gpu, x, weights, labelOf(weight), { bias }).y;
  weights.packed.release();
  return volume;
}

function labelOf(weight: Tensor): string {
  return `${weight.label} output`;
}
