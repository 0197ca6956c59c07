import { bounds } from '../../cohort/bounds.ts';
import { InputError } from '../../cohort/error.ts';
import { readGrid } from '../../cohort/nifti.ts';
import { readInput } from '../../cohort/read-file.ts';
import { type Architecture, defaultSlope } from '../../model/architecture.ts';
import { writeModel } from '../../model/model-file.ts';
import { type Checkpoint, readPytorch } from '../../model/pytorch/checkpoint.ts';
import { type Mapped, mapWeights } from '../../model/pytorch/map-weights.ts';
import { parseSafetensors } from '../../model/safetensors.ts';
import { checkpointIn } from './checkpoint-in.ts';
import { resolveSettings, type Setting, type Stated, settingsOf } from './import-settings.ts';
import { readMapsFacts } from './label-code.ts';
import { refuseExisting } from './output.ts';

export interface ImportOptions {
  /** a checkpoint, or a folder of ClinicaDL that has one */
  readonly file: string;
  /** of the state_dict in a checkpoint that holds several; null to find it */
  readonly key: string | null;
  /** an image like those that the network takes: its grid */
  readonly like: string;
  readonly stated: Stated;
  readonly subBlocks: readonly number[] | null;
  readonly out: string;
  readonly overwrite: boolean;
}

export interface ImportResult {
  /** the checkpoint, which was given or is the only one of the folder */
  readonly file: string;
  readonly architecture: Architecture;
  readonly mapping: readonly Mapped[];
  /** what the weights do not tell: as it was stated, recorded or assumed */
  readonly settings: readonly Setting[];
  /** the key of the weights in the checkpoint; empty where it holds nothing else */
  readonly key: string;
  /** keys of other weights in the checkpoint, which were not taken */
  readonly otherKeys: readonly string[];
  /** entries beside the weights that are no tensors, and were left out */
  readonly leftOut: readonly string[];
  /** the maps.json that was read, or null */
  readonly maps: string | null;
  readonly out: string;
}

/**
 * Takes over a network that was trained with PyTorch: a `torch.save` checkpoint, or safetensors without an architecture.
 *
 * @throws InputError when the file is no such, asks to run something, holds a network that voxmask does not have, or nobody
 *   states the order of the classes
 */
export function importModel(options: ImportOptions): ImportResult {
  const { key, like, stated, subBlocks, out, overwrite } = options;
  refuseExisting(out, overwrite);
  const file = checkpointIn(options.file);
  const { weights: given, ...place } = readWeights(file, key);
  const maps = readMapsFacts(file);
  const resolved = resolveSettings(stated, maps, file);
  const { outputs, under, reduction, dropout, intensity } = resolved;
  const slope = resolved.slope === defaultSlope ? null : resolved.slope;
  const grid = readGrid(like);
  const found = mapWeights(
    given,
    { inputShape: grid.shape, outputs, under, reduction, slope, dropout, subBlocks },
    file,
  );
  const { architecture, weights, mapping } = found;
  const settings = settingsOf(stated, maps, resolved, found);
  writeModel(out, { architecture, weights, grid, intensity, imported: JSON.stringify(settings) });
  return {
    file,
    architecture,
    mapping,
    settings,
    key: place.key,
    otherKeys: place.rivals,
    leftOut: place.others,
    maps: maps?.file ?? null,
    out,
  };
}

/** The weights of a file of either kind, told apart by their first bytes. @throws InputError when it is neither */
function readWeights(file: string, key: string | null): Checkpoint {
  const bytes = readInput(file, { most: bounds.modelBytes, kind: 'a checkpoint' });
  if (bytes.length === 0)
    throw new InputError(file, 'is empty', 'Copy it again: saving or copying it was interrupted');
  const zipped = bytes[0] === 0x50 && bytes[1] === 0x4b;
  if (zipped || bytes[0] === 0x80) return readPytorch(bytes, file, bounds, key);
  if (bytes[8] !== 0x7b && !file.endsWith('.safetensors')) {
    throw new InputError(
      file,
      'is neither a checkpoint of PyTorch nor safetensors',
      'Save the weights: torch.save(model.state_dict(), "weights.pth")',
    );
  }
  const { weights, metadata } = parseSafetensors(bytes, file);
  if (key !== null) throw new InputError(file, 'is safetensors, which has no keys', 'Leave --key out');
  if (metadata.architecture !== undefined || metadata.autoencoder !== undefined)
    throw new InputError(
      file,
      'states its architecture already',
      'Use it as it is; there is nothing to import',
    );
  return { weights, key: '', others: [], rivals: [] };
}
