import { lstatSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../error.ts';
import { makeFolders } from './make-folders.ts';

/**
 * Nothing is written or removed through a link: it may lead out of the folder of results.
 *
 * @param make makes folders that are missing
 * @throws InputError when a link or a file is in the place of `folder`, or of a folder between it and `root`
 */
export function requireNoLinks(root: string, folder: string, make: boolean): void {
  const parts = path.relative(root, folder).split(path.sep);
  if (parts[0] === '..' || parts[0] === '') return;
  let at = root;
  for (const part of parts) {
    at = path.join(at, part);
    const stat = lstatSync(at, { throwIfNoEntry: false });
    if (stat?.isDirectory()) continue;
    if (stat) {
      const what = stat.isSymbolicLink() ? 'a link, and nothing is written through it' : 'not a folder';
      throw new InputError(at, `is ${what}`, 'Move it, or choose another folder');
    }
    if (!make) return;
    makeFolders(at);
  }
}

/** Whether a folder below `root` is there, and no link leads to it. */
export function isPlain(root: string, folder: string): boolean {
  for (let at = folder; at !== root && isWithin(at, root); at = path.dirname(at))
    if (!lstatSync(at, { throwIfNoEntry: false })?.isDirectory()) return false;
  return true;
}

/** Whether a path is a folder or leads into it. */
export function isWithin(file: string, folder: string): boolean {
  const relative = path.relative(folder, file);
  return (
    relative === '' ||
    (relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative))
  );
}
