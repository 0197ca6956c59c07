import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { bounds } from '../cohort/bounds.ts';
import { InputError } from '../cohort/error.ts';
import { checkIntensity, type Intensity, plainIntensity } from '../cohort/intensity.ts';
import { readInput } from '../cohort/read-file.ts';
import { type Architecture, type Convolutional, defaultSlope, subBlocks } from './architecture.ts';
import { autoencoderName } from './autoencoder-file.ts';
import { modelFile, modelName, modelsIn } from './model-folder.ts';
import { parseSafetensors } from './safetensors.ts';
import { checkArrays, convolutionArrays, initialWeights, type Weights } from './weights.ts';

/** Weights that a network's convolutional part starts from. */
export interface Initialisation {
  readonly file: string;
  /** of the file, SHA-256 */
  readonly hash: string;
  /** the convolutions' arrays alone, running statistics of their batch normalisation included */
  readonly weights: Weights;
}

/**
 * Reads the convolutional part of an autoencoder or of a network (docs/method.md, pretraining).
 *
 * @param place file, or folder of a pretraining or training
 * @throws InputError when there is none, it is no such file, or its convolutions are of another form than the network's, or
 *   saw images of another size or intensity; the message lists what differs
 */
export function readInitialisation(
  place: string,
  architecture: Architecture,
  intensity: Intensity,
): Initialisation {
  const file = fileOf(place);
  const bytes = readInput(file, { most: bounds.modelBytes, kind: 'a file of weights' });
  const { weights, metadata } = parseSafetensors(bytes, file);
  const shape = parsed(metadata.autoencoder ?? metadata.architecture) as Convolutional | null;
  if (!shape) {
    throw new InputError(
      file,
      'is neither an autoencoder nor a network of voxmask',
      'Give what "voxmask pretrain" or "voxmask train" wrote ("voxmask import" makes one of a PyTorch checkpoint)',
    );
  }
  const its = metadata.intensity === undefined ? plainIntensity : parsed(metadata.intensity);
  checkIntensity(its, file);
  refuseDifferences(file, shape, its, architecture, intensity);
  const arrays = convolutionArrays(subBlocks(architecture));
  const taken: Weights = new Map([...weights].filter(([name]) => arrays.has(name)));
  checkArrays(taken, arrays, file);
  return { file, hash: createHash('sha256').update(bytes).digest('hex'), weights: taken };
}

/** A network's weights before training: the convolutions as they are given, the rest drawn by the seed as without them. */
export function initialisedWeights(
  architecture: Architecture,
  seed: number,
  given: Initialisation | null,
): Weights {
  const fresh = initialWeights(architecture, seed);
  return new Map([...fresh].map(([name, array]) => [name, given?.weights.get(name) ?? array]));
}

function refuseDifferences(
  file: string,
  shape: Convolutional,
  its: Intensity,
  architecture: Architecture,
  intensity: Intensity,
): void {
  const text = (value: unknown) => (Array.isArray(value) ? value.join(',') : String(value));
  const told = ({ scale, smoothing }: Intensity) => `${scale}, smoothed by ${smoothing} mm`;
  const rows: [what: string, there: string, here: string][] = [
    ['image size', text(shape.inputShape), text(architecture.inputShape)],
    ['channels', text(shape.channels), text(architecture.channels)],
    ['sub-blocks', text(shape.subBlocks), text(architecture.subBlocks)],
    ['reduction', text(shape.reduction), text(architecture.reduction)],
    ['slope', text(shape.slope ?? defaultSlope), text(architecture.slope ?? defaultSlope)],
    ['intensity', told(its), told(intensity)],
  ];
  const differing = rows.filter(([, there, here]) => there !== here);
  if (differing.length === 0) return;
  const list = differing.map(([what, there, here]) => `\n  ${what} ${there}, where the network has ${here}`);
  throw new InputError(
    file,
    `its convolutions are not the network's:${list.join('')}\n`,
    'Train with the options that it was made with, or pretrain with these',
  );
}

/** A folder stands for the autoencoder or the network in it. */
function fileOf(place: string): string {
  if (!statSync(place, { throwIfNoEntry: false })?.isDirectory()) return place;
  const autoencoder = path.join(place, autoencoderName);
  if (existsSync(autoencoder)) return autoencoder;
  if (modelsIn(place).length > 0) return modelFile(place);
  throw new InputError(
    place,
    `holds neither ${autoencoderName} nor ${modelName}`,
    'Give the folder of a pretraining or of a training, or a file',
  );
}

function parsed(text: string | undefined): unknown {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}
