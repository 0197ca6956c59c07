import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  type Stats,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const STICKY = 0o1000; // in such a folder, only its owner can rename or remove an entry

/** A file or folder that somebody else could have put there, or could change. */
export class UnsafePath extends Error {
  override readonly name = 'UnsafePath';
}

/**
 * The real path of a folder that nobody but this user, and the system's administrator, can change or replace: it belongs
 * to this user, others may not write it, it is no symbolic link, and the same holds for the folders above it. Those may
 * also be the administrator's, be reached by links, and be open to all with the sticky bit, as /tmp is.
 *
 * On Windows, which has no such owners and modes, only links are refused: access lists protect the user's profile, and the
 * temporary folder is in it.
 *
 * @throws UnsafePath saying what is wrong with which folder
 */
export function privateFolder(folder: string): string {
  const real = path.join(checkedAbove(path.dirname(folder)), path.basename(folder));
  requireOwn(real, lstatSync(real), 'folder');
  return real;
}

/** As `privateFolder`; makes the folder, and those above it, where they are missing. */
export function makePrivateFolder(folder: string): string {
  let above = path.dirname(folder);
  while (!existsSync(above)) above = path.dirname(above);
  checkedAbove(above);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return privateFolder(folder);
}

/**
 * The content of a file in a private folder. It is checked on the opened file, so that it cannot be exchanged between.
 *
 * @throws UnsafePath for a symbolic link, or a file that others own or may write
 */
export function readPrivate(file: string): Buffer {
  if (lstatSync(file).isSymbolicLink()) throw new UnsafePath(`${file} is a symbolic link`);
  const descriptor = openSync(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  try {
    requireOwn(file, fstatSync(descriptor), 'file');
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** A new folder that only this user can enter, among the temporary ones; removed when the process exits. */
export function freshFolder(): string {
  const folder = mkdtempSync(path.join(checkedAbove(os.tmpdir()), 'voxmask-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The real path of a folder in which nobody else can replace what this user has there. */
function checkedAbove(folder: string): string {
  const real = realpathSync(folder);
  for (let at = real; ; at = path.dirname(at)) {
    requireSafeAbove(at, lstatSync(at));
    if (path.dirname(at) === at) return real;
  }
}

function requireSafeAbove(folder: string, { uid, mode }: Stats): void {
  const user = process.getuid?.();
  if (user === undefined) return;
  // in a container whose administrator is not mapped, the system's folders have another owner than 0: that of the root
  const system = [0, lstatSync(path.parse(folder).root).uid];
  if (uid !== user && !system.includes(uid))
    throw new UnsafePath(`${folder} belongs to another user (${uid})`);
  if ((mode & 0o022) !== 0 && (mode & STICKY) === 0)
    throw new UnsafePath(`${folder} can be written by others (mode ${octal(mode)})`);
}

function requireOwn(place: string, stats: Stats, kind: 'file' | 'folder'): void {
  if (stats.isSymbolicLink()) throw new UnsafePath(`${place} is a symbolic link`);
  if (kind === 'folder' ? !stats.isDirectory() : !stats.isFile())
    throw new UnsafePath(`${place} is not a ${kind}`);
  const user = process.getuid?.();
  if (user === undefined) return;
  if (stats.uid !== user) throw new UnsafePath(`${place} belongs to another user (${stats.uid})`);
  if ((stats.mode & 0o022) !== 0)
    throw new UnsafePath(`${place} can be written by others (mode ${octal(stats.mode)})`);
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8);
}
