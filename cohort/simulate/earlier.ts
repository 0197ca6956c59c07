import { existsSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../error.ts';
import type { OutputFolder } from '../output/folder.ts';
import type { SimulateOptions } from './options.ts';

const trees = ['caps', 'bids'] as const;

/**
 * Refuses a folder whose files a new cohort would damage.
 *
 * @param files what the cohort will write, relative to the folder
 * @throws InputError when it contains a cohort, or a simulated CAPS tree, and may not be overwritten; when a CAPS tree is to go
 *   where folders of that name contain nothing of a simulated cohort: they may be a real study's; and when other files are in
 *   the way
 */
export function refuseToOverwrite(
  output: OutputFolder,
  { overwrite, layout }: SimulateOptions,
  files: readonly string[],
): void {
  output.require(['simulate.json', ...files], 'cohort.tsv');
  output.requireRemovable();
  if (layout !== 'caps') return;
  const found = trees.map((name) => path.resolve(output.root, name)).find((tree) => existsSync(tree));
  if (found === undefined) return;
  if (!output.wroteWithin(found)) {
    throw new InputError(found, 'exists already, and no simulated cohort wrote it', 'Choose another folder');
  }
  if (!overwrite)
    throw new InputError(found, 'exists already', 'Choose another folder, or ask to overwrite it');
}
