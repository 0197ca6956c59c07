import { readFileSync } from 'node:fs';
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
export function writeModel(path: string, { architecture, weights, grid, intensity }: Model): void {
  checkWeights(weights, architecture, path);
  const metadata: Record<string, string> = { format: 'pt', architecture: JSON.stringify(architecture) };
  if (grid) metadata.grid = JSON.stringify(grid);
  if (intensity.scale !== 'none' || intensity.smoothing > 0) metadata.intensity = JSON.stringify(intensity);
  writeFileAtomic(path, formatSafetensors(weights, metadata));
}

/**
 * Reads a model.
 *
 * @throws InputError if the file is missing or unsound, has no architecture, or weights that do not fit it
 */
export function readModel(path: string): Model {
  const { weights, metadata } = parseSafetensors(readBytes(path), path);
  const architecture = parse(metadata.architecture) as Architecture | null;
  if (!architecture) {
    throw new InputError(
      path,
      'the file has no architecture',
      'Add it as a JSON string under "architecture" in the metadata (docs/formats.md)',
    );
  }
  checkArchitecture(architecture, path);
  checkWeights(weights, architecture, path);
  const intensity = metadata.intensity === undefined ? plainIntensity : parse(metadata.intensity);
  checkIntensity(intensity, path);
  return { architecture, weights, grid: parse(metadata.grid) as Grid | null, intensity };
}

function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new InputError(
      path,
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
