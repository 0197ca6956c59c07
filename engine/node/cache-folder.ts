import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/**
 * A folder that holds `files`, made once per machine and user: written aside and renamed, so that several processes
 * may start at once. Tries the user's cache, then a private folder among the temporary ones.
 *
 * @param files makes name and content of each file; called only when the folder is not there yet
 */
export function cachedFolder(name: string, files: () => Iterable<readonly [string, Uint8Array]>): string {
  let last: unknown;
  for (const root of roots()) {
    try {
      return publish(path.join(root, name), files);
    } catch (error) {
      last = error;
    }
  }
  throw last;
}

/** The path of a file in the cache; null where it is not there. */
export function cachedFile(name: string): string | null {
  for (const root of roots()) {
    const file = path.join(root, name);
    if (existsSync(file)) return file;
  }
  return null;
}

/** Writes a file into the cache, aside and renamed, over an earlier one of its name. @returns its path */
export function cachedFileFor(name: string, content: string): string {
  let last: unknown;
  for (const root of roots()) {
    try {
      mkdirSync(root, { recursive: true, mode: 0o700 });
      const file = path.join(root, name);
      const aside = `${file}.${process.pid}`;
      writeFileSync(aside, content);
      renameSync(aside, file);
      return file;
    } catch (error) {
      last = error;
    }
  }
  throw last;
}

function* roots(): Generator<string> {
  if (process.env.XDG_CACHE_HOME) yield path.join(process.env.XDG_CACHE_HOME, 'voxmask');
  // a user id without an account (containers) has no home folder: asking for it throws
  try {
    yield path.join(os.homedir(), '.cache', 'voxmask');
  } catch {}
  yield path.join(os.tmpdir(), `voxmask-${process.getuid?.() ?? 'user'}`);
}

function publish(folder: string, files: () => Iterable<readonly [string, Uint8Array]>): string {
  if (existsSync(folder)) return folder;
  mkdirSync(path.dirname(folder), { recursive: true, mode: 0o700 });
  const aside = mkdtempSync(`${folder}.`);
  try {
    for (const [name, content] of files()) writeFileSync(path.join(aside, name), content, { mode: 0o755 });
    renameSync(aside, folder);
  } catch (error) {
    rmSync(aside, { recursive: true, force: true });
    if (!existsSync(folder)) throw error; // else another process was faster
  }
  return folder;
}
