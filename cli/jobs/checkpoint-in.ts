import { statSync } from 'node:fs';
import { filesBelow } from '../../cohort/build/folders.ts';
import { InputError } from '../../cohort/error.ts';
import { listed } from '../../cohort/listed.ts';

const levels = 4; // MAPS/split-0/best-loss/model.pth.tar has two

/**
 * The checkpoint that is meant: the file itself, or the one `model.pth.tar` of a ClinicaDL folder (MAPS).
 *
 * @throws InputError when a folder has none or several, listing them
 */
export function checkpointIn(place: string): string {
  if (!statSync(place, { throwIfNoEntry: false })?.isDirectory()) return place;
  const found = filesBelow(place, /^model\.pth\.tar$/, levels);
  if (found.length === 1) return found[0];
  if (found.length === 0)
    throw new InputError(place, 'is a folder without model.pth.tar', 'Give the path of a checkpoint');
  throw new InputError(
    place,
    `has ${found.length} checkpoints:${listed(found, '\n  ')}\n`,
    'Give the path of the one that you mean',
  );
}
