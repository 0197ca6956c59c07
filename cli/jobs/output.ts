import { existsSync, lstatSync, type Stats } from 'node:fs';
import path from 'node:path';
import { InputError } from '../../cohort/error.ts';
import { OutputFolder, type OutputOptions } from '../../cohort/output/folder.ts';
import { writeError } from '../../cohort/system-error.ts';

let forceUnlock = false;

/** Takes locks whoever holds them, from now on in this process: `--force-unlock`. */
export function forceUnlocking(force: boolean): void {
  forceUnlock = force;
}

/** Whether `--force-unlock` was given. */
export function unlockingIsForced(): boolean {
  return forceUnlock;
}

/** Opens a folder of results for a command, as `OutputFolder.open` does; what happens to its lock is said on standard error. */
export function openOutput(
  folder: string,
  options: Pick<OutputOptions, 'by' | 'overwrite' | 'shared'>,
): OutputFolder {
  return OutputFolder.open(folder, {
    ...options,
    forceUnlock,
    onNotice: (text) => process.stderr.write(`voxmask: ${text}\n`),
  });
}

/** A command whose result is one file replaces it only when told to. @throws InputError when the file is there already */
export function refuseExisting(file: string, overwrite: boolean): void {
  const found = statusOf(file);
  if (found && !found.isFile() && !found.isSymbolicLink())
    throw new InputError(file, 'is not a file', 'Choose another file');
  if (overwrite || !found) return;
  throw new InputError(file, 'exists already', 'Choose another file, or give --overwrite to replace it');
}

/**
 * Makes sure, before hours of work, that a part of a command can write into a folder of its own, as `OutputFolder.require` does.
 *
 * @param sidecar a result of the part, there once it is finished: results may then stay, but nothing else may be in their place
 */
export function requirePart(
  folder: string,
  options: Pick<OutputOptions, 'by' | 'overwrite'>,
  files: readonly string[],
  sidecar?: string,
): void {
  const part = OutputFolder.view(folder, options);
  if (sidecar !== undefined && existsSync(sidecar)) part.requireOurs(files);
  else part.require(files);
}

/** A folder that the user has not named is not to lead elsewhere. @throws InputError when it is a link */
export function refuseLink(folder: string): void {
  if (!statusOf(folder)?.isSymbolicLink()) return;
  throw new InputError(
    folder,
    'is a link, and nothing is written through it',
    'Move it, or choose another folder',
  );
}

function statusOf(file: string): Stats | undefined {
  try {
    return lstatSync(file, { throwIfNoEntry: false });
  } catch (error) {
    throw writeError(file, error as NodeJS.ErrnoException);
  }
}

/** All paths in an object of paths, absolute. */
export function pathsIn(paths: object): string[] {
  return Object.values(paths).flatMap((value: unknown) =>
    typeof value === 'string'
      ? [path.resolve(value)]
      : typeof value === 'object' && value !== null
        ? pathsIn(value)
        : [],
  );
}
