import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { makeFolder } from './make-folder.ts';
import { writeError } from './system-error.ts';

/**
 * Writes a file whole or not at all: beside its place, synced, then renamed. Makes missing folders.
 *
 * @throws InputError when the disk is full or the place cannot be written; nothing half-written stays behind.
 */
export function writeFileAtomic(file: string, content: string | Uint8Array): void {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const aside = `${file}.${process.pid}.part`;
  try {
    makeFolder(path.dirname(file));
    const descriptor = openSync(aside, 'w');
    try {
      try {
        for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
      renameSync(aside, file);
    } catch (error) {
      rmSync(aside, { force: true });
      throw error;
    }
  } catch (error) {
    throw writeError(file, error);
  }
}
