import { bounds } from '../../cohort/bounds.ts';
import type { Intensity } from '../../cohort/intensity.ts';
import { readGrid } from '../../cohort/nifti.ts';
import { readInput } from '../../cohort/read-file.ts';
import type { Architecture } from '../../model/architecture.ts';
import { writeModel } from '../../model/model-file.ts';
import { readPytorch } from '../../model/pytorch/checkpoint.ts';
import { type Mapped, mapWeights } from '../../model/pytorch/map-weights.ts';
import { parseSafetensors } from '../../model/safetensors.ts';
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
  writeModel(out, { architecture, weights, grid, intensity });
  return { architecture, mapping, out };
}
