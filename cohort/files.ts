import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { InputError } from './error.ts';

/**
 * Writes a file whole or not at all: beside its place, synced, then renamed. Makes missing folders.
 *
 * @throws InputError when the disk is full or the place cannot be written; nothing half-written stays behind.
 */
export function writeFileAtomic(file: string, content: string | Uint8Array): void {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const aside = `${file}.${process.pid}.part`;
  try {
    mkdirSync(path.dirname(file), { recursive: true });
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
    throw writeError(file, error as NodeJS.ErrnoException);
  }
}

function writeError(file: string, error: NodeJS.ErrnoException): Error {
  const reasons: Record<string, [what: string, fix: string]> = {
    ENOSPC: ['the disk is full', 'Free some space, or choose another output folder'],
    EDQUOT: ['the disk quota is used up', 'Free some space, or choose another output folder'],
    EACCES: ['permission denied', 'Choose an output folder that you may write to'],
    EPERM: ['permission denied', 'Choose an output folder that you may write to'],
    EROFS: ['the file system is read-only', 'Choose another output folder'],
    ENOTDIR: ['a part of the path is a file', 'Choose another output folder'],
    EEXIST: ['a part of the path is a file', 'Choose another output folder'], // mkdir says it so
    EISDIR: ['a folder stands where the file should go', 'Choose another output path'],
  };
  const reason = reasons[error.code ?? ''];
  return reason ? new InputError(file, `cannot be written: ${reason[0]}`, reason[1]) : error;
}
