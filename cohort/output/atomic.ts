import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { writeError } from '../system-error.ts';
import { isGone, tagOf, thisProcess } from './process.ts';

let written = 0;

/** A name for a temporary file that no other program uses and no other process of voxmask has. */
export function temporaryName(): string {
  written += 1;
  return `.voxmask-${tagOf(thisProcess())}-${written}.part`;
}

/** The tag of the process that wrote a temporary file; null for a file of any other name. */
function temporaryOwner(name: string): string | null {
  return /^\.voxmask-([0-9a-f]{8}-\d+-(?:\d+|x))-\d+\.part$/.exec(name)?.[1] ?? null;
}

/**
 * Removes what processes that ended were writing: temporary files of their own name, which hold nothing whole.
 *
 * @param dead the tag of a process that is known to have ended
 */
export function removeDead(folder: string, dead: string | null = null): void {
  for (const name of namesIn(folder)) {
    const owner = temporaryOwner(name);
    if (owner !== null && (owner === dead || isGone(owner))) rmSync(path.join(folder, name), { force: true });
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // a folder that may be written but not read
  }
}

/**
 * Writes a file whole or not at all: under a temporary name, synced, then renamed.
 *
 * @param aside the temporary file, on the same file system
 * @throws InputError when the disk is full or the place cannot be written; nothing half-written stays behind
 */
export function writeAside(aside: string, file: string, bytes: Uint8Array): void {
  try {
    const descriptor = openSync(aside, 'wx');
    try {
      try {
        writeAll(descriptor, bytes);
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

/** Writes all bytes: the system may take fewer at once, as where the disk has room for a part of them only. */
export function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
}
