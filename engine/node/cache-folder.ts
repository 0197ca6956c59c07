import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { GpuError } from '../errors.ts';
import { freshFolder, makePrivateFolder, privateFolder, readPrivate, UnsafePath } from './private-folder.ts';

/** Makes name and content of each file of a folder. */
type Files = () => Iterable<readonly [string, Uint8Array]>;

/**
 * A folder that holds `files`, made once per machine and user: written aside and renamed, so that several processes may
 * start at once. It is taken from the user's cache only if nobody else can write there and every file has its digest;
 * where there is no such cache, or no digest is known, it is a new private folder of this process.
 *
 * @param digests SHA-256 of each file, in hexadecimal; null where it is not known
 * @param files called only when the folder is not there yet
 */
export function cachedFolder(
  name: string,
  digests: Readonly<Record<string, string>> | null,
  files: Files,
): string {
  for (const root of digests ? roots() : []) {
    try {
      const folder = path.join(makePrivateFolder(root), name);
      if (!holds(folder, digests!)) publish(folder, digests!, files);
      if (holds(folder, digests!)) return folder;
    } catch {} // not writable, or not private: the next one
  }
  const folder = freshFolder();
  write(folder, files);
  return folder;
}

/** A file of the cache: its path and content. */
export interface CachedFile {
  readonly path: string;
  readonly content: Buffer;
}

/**
 * A file of the cache; null where there is none that nobody else could have written.
 *
 * @param onRefused is called with the reason why such a file is not used
 */
export function readCached(name: string, onRefused: (why: string) => void = () => {}): CachedFile | null {
  for (const root of roots()) {
    if (!existsSync(path.join(root, name))) continue;
    try {
      const file = path.join(privateFolder(root), name);
      return { path: file, content: readPrivate(file) };
    } catch (error) {
      if (!(error instanceof UnsafePath)) throw error;
      onRefused(`${path.join(root, name)} is not used: ${error.message}.`);
    }
  }
  return null;
}

/**
 * Writes a file into the cache, aside and renamed, over an earlier one of its name.
 *
 * @returns its path
 * @throws GpuError when no folder of the cache can be written, or others can write all of them
 */
export function writeCached(name: string, content: string): string {
  const faults: string[] = [];
  for (const root of roots()) {
    try {
      const folder = makePrivateFolder(root);
      const aside = mkdtempSync(path.join(folder, `${name}.`));
      try {
        writeFileSync(path.join(aside, name), content, { mode: 0o600 });
        renameSync(path.join(aside, name), path.join(folder, name));
      } finally {
        rmSync(aside, { recursive: true, force: true });
      }
      return path.join(folder, name);
    } catch (error) {
      faults.push((error as Error).message);
    }
  }
  throw new GpuError(
    `There is no folder for the cache: ${faults.join('; ')}. Set XDG_CACHE_HOME to a folder that only you can write.`,
  );
}

function* roots(): Generator<string> {
  const chosen = process.env.XDG_CACHE_HOME;
  if (chosen && path.isAbsolute(chosen)) yield path.join(chosen, 'voxmask');
  // a user id without an account (containers) has no home folder: asking for it throws
  try {
    yield path.join(os.homedir(), '.cache', 'voxmask');
  } catch {}
  yield path.join(os.tmpdir(), `voxmask-${process.getuid?.() ?? 'user'}`);
}

/** Whether a folder is there, this user's alone, with all of the files and their digests. */
function holds(folder: string, digests: Readonly<Record<string, string>>): boolean {
  if (!existsSync(folder)) return false;
  try {
    const real = privateFolder(folder);
    return Object.entries(digests).every(([name, digest]) => {
      const content = readPrivate(path.join(real, name));
      return createHash('sha256').update(content).digest('hex') === digest;
    });
  } catch {
    return false;
  }
}

/** Puts a folder in its place; one that is there already and does not hold what it should goes. */
function publish(folder: string, digests: Readonly<Record<string, string>>, files: Files): void {
  const aside = mkdtempSync(`${folder}.`);
  try {
    write(aside, files);
    if (existsSync(folder) && !holds(folder, digests)) rmSync(folder, { recursive: true, force: true });
    renameSync(aside, folder);
  } catch {
    rmSync(aside, { recursive: true, force: true }); // another process was faster, or the disk is full
  }
}

function write(folder: string, files: Files): void {
  for (const [name, content] of files()) writeFileSync(path.join(folder, name), content, { mode: 0o700 });
}
