import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../../cohort/error.ts';
import { writeFileAtomic } from '../../cohort/files.ts';

/**
 * Makes sure, before hours of work, that its results can be written: makes the folder if it is missing and tries a
 * file in it. Results that are there stay until the new ones replace them.
 *
 * @param marker the file by which one knows a folder that holds such results
 * @throws InputError when the folder holds the marker and may not be overwritten, or cannot be written
 */
export function prepareOutput(directory: string, marker: string, overwrite: boolean): void {
  if (!overwrite && existsSync(path.join(directory, marker))) {
    throw new InputError(
      directory,
      `holds ${marker} already`,
      'Choose another folder, or give --overwrite to replace it',
    );
  }
  const trial = path.join(directory, '.writable');
  writeFileAtomic(trial, '');
  rmSync(trial, { force: true });
}
