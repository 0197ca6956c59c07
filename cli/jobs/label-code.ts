import { existsSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../../cohort/error.ts';
import { listed } from '../../cohort/listed.ts';
import { readInputJson } from '../../cohort/read-file.ts';

/** What the `maps.json` of a ClinicaDL training says of its network. */
export interface MapsFacts {
  readonly file: string;
  /** in the order of the network's outputs; null where it has no `label_code` */
  readonly classes: readonly string[] | null;
  /** whether images were scaled to [0, 1]; null where it does not say */
  readonly normalize: boolean | null;
}

const fix = 'Correct it, or copy the checkpoint to another folder and give --classes';
const levelsAbove = 4; // MAPS/split-0/best-loss/model.pth.tar has two

/**
 * Reads the `maps.json` beside a checkpoint, or in the nearest folder above it.
 *
 * @returns null where there is none
 * @throws InputError when it cannot be read, or its `label_code` does not number the labels from 0
 */
export function readMapsFacts(checkpoint: string): MapsFacts | null {
  let folder = path.dirname(checkpoint);
  for (let level = 0; level <= levelsAbove; level++) {
    const file = path.join(folder, 'maps.json');
    if (existsSync(file)) return factsOf(file);
    folder = path.join(folder, '..');
  }
  return null;
}

function factsOf(file: string): MapsFacts {
  const { label_code: code, normalize } = readInputJson(file, fix);
  return {
    file,
    classes: code === undefined || code === null ? null : classesOf(code, file),
    normalize: typeof normalize === 'boolean' ? normalize : null,
  };
}

function classesOf(code: unknown, file: string): readonly string[] {
  const entries = typeof code === 'object' && code !== null ? Object.entries(code) : [];
  const classes = [...entries].sort(([, a], [, b]) => Number(a) - Number(b)).map(([name]) => name);
  if (classes.length >= 2 && entries.every(([name, value]) => value === classes.indexOf(name)))
    return classes;
  const shown = entries.map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  throw new InputError(
    file,
    `its label_code does not number the labels from 0: ${listed(shown) || 'empty'}`,
    fix,
  );
}
