import { bounds } from '../../cohort/bounds.ts';
import { InputError } from '../../cohort/error.ts';
import type { Intensity } from '../../cohort/intensity.ts';
import { listed } from '../../cohort/listed.ts';
import { readGrid } from '../../cohort/nifti.ts';
import { readInput } from '../../cohort/read-file.ts';
import type { Architecture } from '../../model/architecture.ts';
import { writeModel } from '../../model/model-file.ts';
import { readPytorch } from '../../model/pytorch/checkpoint.ts';
import { type Mapped, mapWeights } from '../../model/pytorch/map-weights.ts';
import { parseSafetensors } from '../../model/safetensors.ts';
import type { Weights } from '../../model/weights.ts';
import { refuseExisting } from './output.ts';

export interface ImportOptions {
  readonly file: string;
  /** an image like those that the network takes: its grid */
  readonly like: string;
  readonly classes: readonly string[];
  readonly reduction: Architecture['reduction'];
  readonly dropout: number;
  readonly subBlocks: readonly number[] | null;
  /** what was done to the values of its images */
  readonly intensity: Intensity;
  readonly out: string;
  readonly overwrite: boolean;
}

export interface ImportResult {
  readonly architecture: Architecture;
  readonly mapping: readonly Mapped[];
  readonly out: string;
}

/**
 * Takes over a network that was trained with PyTorch: a `torch.save` checkpoint, or safetensors without an architecture.
 *
 * @throws InputError when the file is no such, asks to run something, or holds a network that voxmask has not
 */
export function importModel(options: ImportOptions): ImportResult {
  const { file, like, classes, reduction, dropout, intensity, out, overwrite } = options;
  refuseExisting(out, overwrite);
  const bytes = readInput(file, { most: bounds.modelBytes, kind: 'a checkpoint' });
  if (bytes.length === 0) throw new InputError(file, 'is empty', 'Copy or save the checkpoint again');
  const zipped = bytes[0] === 0x50 && bytes[1] === 0x4b;
  const given =
    zipped || bytes[0] === 0x80 ? readPytorch(bytes, file) : parseSafetensors(bytes, file).weights;
  const grid = readGrid(like);
  const found = mapWeights(
    given,
    { inputShape: grid.shape, classes, reduction, dropout, subBlocks: options.subBlocks },
    file,
  );
  const { architecture, weights, mapping } = found;
  refuseNotFinite(weights, file);
  writeModel(out, { architecture, weights, grid, intensity });
  return { architecture, mapping, out };
}

/** @throws InputError naming the arrays that hold NaN or infinite values */
function refuseNotFinite(weights: Weights, file: string): void {
  const broken = [...weights].flatMap(([name, { data }]) => (data.every(Number.isFinite) ? [] : [name]));
  if (broken.length === 0) return;
  throw new InputError(
    file,
    `holds NaN or infinite values in ${listed(broken)}`,
    'Give the checkpoint of an epoch from before its training diverged',
  );
}
