import { applyIntensity, type Intensity } from '../intensity.ts';
import { readVolume } from '../nifti.ts';
import type { Grid } from '../volume.ts';

/** An image to decode, and what to do to its values. */
export interface DecodeJob {
  readonly path: string;
  readonly intensity: Intensity;
}

/** An image as the network takes it. */
export interface Decoded {
  readonly grid: Grid;
  /** canonical C order */
  readonly data: Float32Array;
  /** voxels that were no number in the file and are 0 here */
  readonly nanCount: number;
  /** Whether values that were not rescaled are clearly no probabilities: below -0.1 or above 1.1, beyond any interpolation. */
  readonly beyond: boolean;
}

/** Reads an image and prepares its values. @throws InputError as `readVolume` and `applyIntensity` */
export function decodeImage({ path, intensity }: DecodeJob): Decoded {
  const { grid, data, nanCount } = readVolume(path);
  const beyond = intensity.scale === 'none' && data.some((value) => value < -0.1 || value > 1.1);
  return { grid, data: applyIntensity(data, grid, intensity, path), nanCount, beyond };
}
