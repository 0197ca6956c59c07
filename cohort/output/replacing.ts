import { InputError } from '../error.ts';
import type { Standing } from './ledger.ts';

/** What a command may replace. */
export interface Replacing {
  /** the commands whose results it replaces without --overwrite, as long as nobody changed them */
  readonly by: readonly string[];
  /** whether --overwrite was given; null for a command without it */
  readonly overwrite: boolean | null;
}

/** @throws InputError when a file is somebody else's; or was changed, or is another command's, and may not be overwritten */
export function refuseReplacing(file: string, standing: Standing, { by, overwrite }: Replacing): void {
  if (standing.is === 'absent') return;
  if (standing.is === 'foreign') throw inTheWay(file);
  if (overwrite) return;
  if (standing.is === 'changed') {
    const fix = instead(overwrite, 'move it', 'choose another folder');
    throw new InputError(file, 'has been changed since voxmask wrote it', fix);
  }
  if (by.includes(standing.by)) return;
  const fix = instead(overwrite, 'choose another folder');
  throw new InputError(file, `is a result of "voxmask ${standing.by}"`, fix);
}

/** The refusal of a file that voxmask did not write. */
export function inTheWay(file: string): InputError {
  return new InputError(
    file,
    'is in the way: it is not in the list of files that voxmask wrote here',
    'Move it, or choose another folder',
  );
}

/** What to do, with --overwrite last where the command has it. */
export function instead(overwrite: boolean | null, ...ways: string[]): string {
  const all = overwrite === null ? ways : [...ways, 'give --overwrite to replace it'];
  const text = all.length > 2 ? `${all.slice(0, -1).join(', ')}, or ${all.at(-1)}` : all.join(', or ');
  return text[0].toUpperCase() + text.slice(1);
}
