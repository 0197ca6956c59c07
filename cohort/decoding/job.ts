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
}

/** Reads an image and prepares its values. @throws InputError as `readVolume` and `applyIntensity` */
export function decodeImage({ path, intensity }: DecodeJob): Decoded {
  const { grid, data, nanCount } = readVolume(path);
  return { grid, data: applyIntensity(data, grid, intensity, path), nanCount };
}
