import { bounds } from '../cohort/bounds.ts';

import { InputError } from '../cohort/error.ts';
import { writeFileAtomic } from '../cohort/files.ts';
import { checkIntensity, type Intensity, plainIntensity } from '../cohort/intensity.ts';
import { readInput } from '../cohort/read-file.ts';
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
  /** the seed that shuffled its labels, of a control; of all others null or left out */
  readonly shuffledLabels?: number | null;
  /** of an imported network, as JSON: what was known or assumed of it; written, never read */
  readonly imported?: string;
}

/**
 * Writes a model as safetensors; architecture, grid and intensity are JSON strings in its metadata. Images taken as they are
 * need no entry.
 */
export function writeModel(file: string, model: Model): void {
  const { architecture, weights, grid, intensity, shuffledLabels = null } = model;
  checkWeights(weights, architecture, file);
  const metadata: Record<string, string> = { format: 'pt', architecture: JSON.stringify(architecture) };
  if (grid) metadata.grid = JSON.stringify(grid);
  if (intensity.scale !== 'none' || intensity.smoothing > 0) metadata.intensity = JSON.stringify(intensity);
  if (model.imported !== undefined) metadata.imported = model.imported;
  if (shuffledLabels !== null) metadata.shuffledLabels = String(shuffledLabels);
  writeFileAtomic(file, formatSafetensors(weights, metadata));
}

/**
 * Reads a model.
 *
 * @throws InputError if the file is missing or unsound, has no architecture, or weights that do not fit it
 */
export function readModel(file: string): Model {
  const { weights, metadata } = parseSafetensors(
    readInput(file, { most: bounds.modelBytes, kind: 'a model' }),
    file,
  );
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
  const shuffledLabels = metadata.shuffledLabels === undefined ? null : Number(metadata.shuffledLabels);
  const grid = parse(metadata.grid) as Grid | null;
  if (metadata.grid !== undefined) checkGrid(grid, architecture, file);
  return { architecture, weights, grid, intensity, shuffledLabels };
}

/** @throws InputError for what is no grid of the network's images */
function checkGrid(grid: Grid | null, { inputShape }: Architecture, file: string): void {
  const { shape, affine } = grid ?? {};
  const sound =
    Array.isArray(shape) &&
    `${shape}` === `${inputShape}` &&
    Array.isArray(affine) &&
    affine.length === 16 &&
    affine.every(Number.isFinite);
  if (sound) return;
  throw new InputError(
    file,
    `its "grid" is no grid of ${inputShape.join(' x ')} voxels`,
    'Write it as docs/formats.md says, or leave it out',
  );
}

function parse(text: string | undefined): unknown {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}
