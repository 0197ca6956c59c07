import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../cohort/error.ts';
import { writeFileAtomic } from '../cohort/files.ts';
import { checkIntensity, type Intensity, plainIntensity } from '../cohort/intensity.ts';
import type { Grid } from '../cohort/volume.ts';
import { type Architecture, checkArchitecture } from './architecture.ts';
import { formatSafetensors, parseSafetensors } from './safetensors.ts';
import { checkWeights, type Weights } from './weights.ts';

/** A trained network on disk: weights, architecture, and the grid of its images if it is known. */
export interface Model {
  readonly architecture: Architecture;
  readonly weights: Weights;
  readonly grid: Grid | null;
  /** what was done to the images' values before the network saw them */
  readonly intensity: Intensity;
}

/**
 * Writes a model as safetensors; architecture, grid and intensity are JSON strings in its metadata. Images taken as they are
 * need no entry.
 */
export function writeModel(file: string, { architecture, weights, grid, intensity }: Model): void {
  checkWeights(weights, architecture, file);
  const metadata: Record<string, string> = { format: 'pt', architecture: JSON.stringify(architecture) };
  if (grid) metadata.grid = JSON.stringify(grid);
  if (intensity.scale !== 'none' || intensity.smoothing > 0) metadata.intensity = JSON.stringify(intensity);
  writeFileAtomic(file, formatSafetensors(weights, metadata));
}

/** The file of a model in the folder of its training. */
export const modelName = 'model.safetensors';

/** A model's file: itself, or the one in the folder of a training. @throws InputError when the folder holds none */
export function modelFile(place: string): string {
  if (!statSync(place, { throwIfNoEntry: false })?.isDirectory()) return place;
  const file = path.join(place, modelName);
  if (existsSync(file)) return file;
  throw new InputError(place, `holds no ${modelName}`, 'Give a model, or the folder of one training');
}

/**
 * Reads a model.
 *
 * @throws InputError if the file is missing or unsound, has no architecture, or weights that do not fit it
 */
export function readModel(file: string): Model {
  const { weights, metadata } = parseSafetensors(readBytes(file), file);
  const architecture = parse(metadata.architecture) as Architecture | null;
  if (!architecture && metadata.autoencoder !== undefined) {
    throw new InputError(
      file,
      'the file is an autoencoder, which tells no classes',
      'Train a network that starts from it: "voxmask train --init"',
    );
  }
  if (!architecture) {
    throw new InputError(
      file,
      'the file has no architecture',
      'Add it as a JSON string under "architecture" in the metadata (docs/formats.md)',
    );
  }
  checkArchitecture(architecture, file);
  checkWeights(weights, architecture, file);
  const intensity = metadata.intensity === undefined ? plainIntensity : parse(metadata.intensity);
  checkIntensity(intensity, file);
  return { architecture, weights, grid: parse(metadata.grid) as Grid | null, intensity };
}

function readBytes(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new InputError(
      file,
      `the model cannot be read (${(error as NodeJS.ErrnoException).code})`,
      'Check the path',
    );
  }
}

function parse(text: string | undefined): unknown {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}
