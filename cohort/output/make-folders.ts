import { existsSync, lstatSync, mkdirSync, rmdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../error.ts';
import { writeError } from '../system-error.ts';

/**
 * Makes a folder and those above it that are missing. One after the other: `mkdirSync` with `recursive` never returns where the
 * system refuses to make a folder and says that one above it is missing, as in /proc.
 *
 * @returns the folders that were missing, the outermost first
 * @throws InputError when one cannot be made, or is a link that leads nowhere; none is left then
 */
export function makeFolders(folder: string): string[] {
  const missing: string[] = [];
  for (let at = folder; !existsSync(at); at = path.dirname(at)) missing.unshift(at);
  for (const [i, one] of missing.entries()) {
    try {
      makeFolder(one);
    } catch (error) {
      removeEmpty(missing.slice(0, i));
      throw error;
    }
  }
  return missing;
}

/** Removes folders that `makeFolders` made, as far as nothing is in them. */
export function removeEmpty(made: readonly string[]): void {
  for (const folder of made.toReversed()) {
    try {
      rmdirSync(folder);
    } catch {
      return; // something is in it
    }
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST') throw writeError(folder, error);
    if (existsSync(folder) && statSync(folder).isDirectory()) return; // another process was faster
    if (!lstatSync(folder).isSymbolicLink()) throw writeError(folder, error);
    throw new InputError(
      folder,
      'is a link that leads nowhere',
      'Make the folder that it is to lead to, or choose another one',
    );
  }
}
