import { writeFileAtomic } from '../cohort/files.ts';
import type { Intensity } from '../cohort/intensity.ts';
import type { Grid } from '../cohort/volume.ts';
import type { Convolutional } from './architecture.ts';
import { autoencoderArrays } from './autoencoder.ts';
import { formatSafetensors } from './safetensors.ts';
import { checkArrays, type Weights } from './weights.ts';

/** A trained autoencoder on disk. */
export interface AutoencoderModel {
  readonly shape: Convolutional;
  readonly weights: Weights;
  readonly grid: Grid;
  /** what was done to the images' values before it saw them */
  readonly intensity: Intensity;
}

/** The file of an autoencoder in the folder of its training. */
export const autoencoderName = 'autoencoder.safetensors';

/** Writes an autoencoder as safetensors; its shape, grid and intensity are JSON strings in the metadata. */
export function writeAutoencoder(file: string, { shape, weights, grid, intensity }: AutoencoderModel): void {
  checkArrays(weights, autoencoderArrays(shape), file);
  const { inputShape, channels, subBlocks, reduction } = shape;
  const metadata = {
    format: 'pt',
    autoencoder: JSON.stringify({ inputShape, channels, subBlocks, reduction }),
    grid: JSON.stringify(grid),
    intensity: JSON.stringify(intensity),
  };
  writeFileAtomic(file, formatSafetensors(weights, metadata));
}
