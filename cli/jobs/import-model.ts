import { existsSync } from 'node:fs';
import { readBounded } from '../../cohort/bounded-file.ts';
import { bounds } from '../../cohort/bounds.ts';
import { InputError } from '../../cohort/error.ts';
import type { Intensity } from '../../cohort/intensity.ts';
import { readGrid } from '../../cohort/nifti.ts';
import type { Architecture } from '../../model/architecture.ts';
import { writeModel } from '../../model/model-file.ts';
import { readPytorch } from '../../model/pytorch/checkpoint.ts';
import { type Mapped, mapWeights } from '../../model/pytorch/map-weights.ts';
import { parseSafetensors } from '../../model/safetensors.ts';

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
  if (existsSync(out) && !overwrite) {
    throw new InputError(out, 'is there already', 'Choose another file, or give --overwrite to replace it');
  }
  const bytes = readBytes(file);
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

function readBytes(file: string): Uint8Array {
  try {
    return readBounded(file, bounds.modelBytes, 'a checkpoint');
  } catch (error) {
    if (error instanceof InputError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new InputError(
      file,
      `cannot be read (${code})`,
      'Give a checkpoint of PyTorch (.pth, .pt, .pth.tar) or safetensors',
    );
  }
}
