import { rmSync } from 'node:fs';
import path from 'node:path';
import { removeDead, temporaryName, writeAside } from './output/atomic.ts';
import { outputFolderOf } from './output/folder.ts';
import { makeFolders } from './output/make-folders.ts';

/**
 * Writes a file whole or not at all. Makes missing folders. In a folder of results that is open, the file is listed as
 * voxmask's, and one that is somebody else's is not replaced.
 *
 * @throws InputError when the disk is full, the place cannot be written, or something else is in it; nothing half-written
 *   stays behind
 */
export function writeFileAtomic(file: string, content: string | Uint8Array): void {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const folder = outputFolderOf(file);
  if (folder) {
    folder.write(file, bytes);
    return;
  }
  const beside = path.dirname(path.resolve(file));
  makeFolders(beside);
  removeDead(beside);
  writeAside(path.join(beside, temporaryName()), file, bytes);
}

/** Removes a file of results, if it is there. @throws InputError when it is not voxmask's, or was changed since */
export function removeFile(file: string): void {
  const folder = outputFolderOf(file);
  if (folder) folder.remove(file);
  else rmSync(file, { force: true });
}
