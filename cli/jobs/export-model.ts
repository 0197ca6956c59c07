import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../../cohort/error.ts';
import { writeFileAtomic } from '../../cohort/files.ts';
import { readModel } from '../../model/model-file.ts';
import { modelFile, modelName } from '../../model/model-folder.ts';
import { openOutput } from './output.ts';

const loader = 'load_voxmask.py';

/** Where an exported network lies. */
export interface ExportResult {
  readonly model: string;
  readonly loader: string;
}

/**
 * Writes a network for PyTorch: its weights by the names of a state_dict, and a program that builds the same network from
 * them and asks it about images. @throws InputError when the model cannot be read, or the folder holds one already
 */
export function exportModel(place: string, out: string, overwrite: boolean): ExportResult {
  const file = modelFile(place);
  readModel(file); // that it is sound is known before anything is written
  const result = { model: path.join(out, modelName), loader: path.join(out, loader) };
  const output = openOutput(out, { by: 'export', overwrite });
  try {
    output.require([modelName, loader], modelName);
    const content = readFileSync(file);
    writeFileAtomic(result.loader, readFileSync(shipped(loader)));
    writeFileAtomic(result.model, content);
    return result;
  } finally {
    output.close();
  }
}

/** A file of the package that is not compiled; this module runs from its source or from below dist. */
function shipped(name: string): URL {
  const candidates = ['../../', '../../../'].map(
    (up) => new URL(`${up}model/pytorch/${name}`, import.meta.url),
  );
  const found = candidates.find((file) => existsSync(file));
  if (found) return found;
  throw new InputError(name, 'is missing from the installation', 'Install voxmask again');
}
