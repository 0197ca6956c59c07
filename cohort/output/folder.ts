import { existsSync, lstatSync, mkdirSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../error.ts';
import { makeFolder } from '../make-folder.ts';
import { writeError } from '../system-error.ts';
import { temporaryName, temporaryOwner, writeAside } from './atomic.ts';
import { Ledger, type Standing } from './ledger.ts';
import { type Holder, type Lock, takeLock } from './lock.ts';
import { refuseLongNames } from './names.ts';
import { isGone, tagOf } from './process.ts';

/** The folder, in each folder of results, of the lock, the list of files, and files half-written. */
export const recordsName = '.voxmask';

export interface OutputOptions {
  /** the command, as "mask group" */
  readonly by: string;
  /** replaces results that are there, also those that were changed or are another command's; null where the command cannot */
  readonly overwrite: boolean | null;
  /** several processes may write into it at once: it is not locked */
  readonly shared?: boolean;
  /** takes the lock whoever holds it */
  readonly forceUnlock?: boolean;
  readonly onNotice?: (text: string) => void;
}

/** What processes share in a folder that one of them has open several times. */
interface Opened {
  readonly ledger: Ledger;
  readonly lock: Lock | null;
  /** the folders that were made for it, the outermost first */
  readonly made: readonly string[];
  handles: OutputFolder[];
}

const open = new Map<string, Opened>();

/** The open folder that a file is in, the innermost of several; null for one that is in none. */
export function outputFolderOf(file: string): OutputFolder | null {
  for (let folder = path.dirname(path.resolve(file)); ; folder = path.dirname(folder)) {
    const found = open.get(folder)?.handles.at(-1);
    if (found) return found;
    if (folder === path.dirname(folder)) return null;
  }
}

/**
 * A folder for results while a command writes into it. All that is written there is listed with its hash; what is not in the
 * list is somebody else's, and is neither replaced nor removed. It is held for this process until it is closed.
 */
export class OutputFolder {
  readonly root: string;
  private readonly options: OutputOptions;
  private readonly shared: Opened;

  private constructor(root: string, options: OutputOptions, shared: Opened) {
    this.root = root;
    this.options = options;
    this.shared = shared;
    shared.handles.push(this);
  }

  /**
   * Opens a folder, which is made if it is missing, and clears away what processes that died there left half-written.
   *
   * @throws InputError when another process holds it, or it cannot be written
   */
  static open(folder: string, options: OutputOptions): OutputFolder {
    const root = path.resolve(folder);
    const known = open.get(root);
    if (known) return new OutputFolder(root, options, known);
    const records = path.join(root, recordsName);
    const made = makeFolders(records);
    let lock: Lock | null = null;
    try {
      if (!options.shared) {
        lock = takeLock(path.join(records, 'lock'), {
          command: options.by,
          force: options.forceUnlock ?? false,
          onNotice: options.onNotice ?? (() => {}),
        });
        if (lock.takenFrom) options.onNotice?.(takenOver(root, lock.takenFrom));
      }
      clear(records, lock?.takenFrom ?? null);
    } catch (error) {
      removeEmpty(made);
      throw error;
    }
    const shared: Opened = {
      ledger: new Ledger(path.join(records, 'files.jsonl'), root),
      lock,
      made,
      handles: [],
    };
    open.set(root, shared);
    return new OutputFolder(root, options, shared);
  }

  /**
   * Makes sure, before hours of work, that its results can be written.
   *
   * @param files what the command will write, relative to the folder
   * @param marker the file by which one knows a folder that holds such results; not given where results are added to
   * @throws InputError when results are there that may not be overwritten, or something else is in the place of a file
   */
  require(files: readonly string[], marker?: string): void {
    if (marker !== undefined && !this.options.overwrite && existsSync(path.join(this.root, marker))) {
      throw new InputError(this.root, `contains ${marker} already`, this.instead('choose another folder'));
    }
    refuseLongNames(files.map((name) => path.join(this.root, name)));
    for (const name of files) {
      const file = path.join(this.root, name);
      this.requireFolders(file, false);
      this.requireReplaceable(file, this.shared.ledger.standing(file));
    }
  }

  /**
   * Writes a file whole or not at all, and lists it. Makes missing folders.
   *
   * @throws InputError when something that is not voxmask's is in its place, the folder is no longer held, or the disk is full
   */
  write(file: string, content: Uint8Array): void {
    const { ledger, lock } = this.shared;
    lock?.requireHeld();
    this.requireReplaceable(file, ledger.standing(file));
    this.requireFolders(file, true);
    ledger.add(file, this.options.by, content);
    writeAside(path.join(this.root, recordsName, temporaryName()), file, content);
  }

  /** Removes a file that voxmask wrote. @throws InputError when it is somebody else's, or was changed and may not be replaced */
  remove(file: string): void {
    const { ledger, lock } = this.shared;
    const standing = ledger.standing(file);
    if (standing.is === 'absent') return;
    lock?.requireHeld();
    this.requireFolders(file, false);
    this.requireReplaceable(file, standing);
    rmSync(file);
    ledger.drop(file);
  }

  /**
   * Removes what a command wrote here before, and folders that are empty then.
   *
   * @param within the folder in which it is removed
   * @param by the commands whose files are removed; this one's when not given
   * @param keep files that stay
   * @throws InputError as `remove`; nothing is removed then
   */
  removeAll({ within = this.root, by = [this.options.by], keep = [] }: RemoveOptions = {}): void {
    const { ledger } = this.shared;
    const kept = new Set(keep.map((file) => path.resolve(this.root, file)));
    const files = ledger.files(by).filter((file) => isWithin(file, path.resolve(within)) && !kept.has(file));
    const standing = files.map((file) => [file, ledger.standing(file)] as const);
    for (const [file, its] of standing) this.requireReplaceable(file, its);
    for (const file of files) this.remove(file);
    const folders = new Set(files.map((file) => path.dirname(file)));
    for (const folder of folders) this.removeEmptyUpTo(folder);
  }

  /** Whether this command has written something in a folder. */
  wroteWithin(folder: string): boolean {
    return this.shared.ledger.files([this.options.by]).some((file) => isWithin(file, path.resolve(folder)));
  }

  /** Path of a file among the folder's records, for what a command remembers only while it runs. */
  record(name: string): string {
    return path.join(this.root, recordsName, name);
  }

  /** Lets other processes write into the folder; one that was made for nothing is removed. */
  close(): void {
    const { handles, lock, made } = this.shared;
    handles.splice(handles.indexOf(this), 1);
    if (handles.length > 0) return;
    open.delete(this.root);
    if (lock) this.tidy();
    lock?.release();
    removeEmpty(made);
  }

  private requireReplaceable(file: string, standing: Standing): void {
    const { by, overwrite } = this.options;
    if (standing.is === 'absent') return;
    if (standing.is === 'foreign') {
      throw new InputError(
        file,
        'is in the way: it is not in the list of files that voxmask wrote here',
        'Move it, or choose another folder',
      );
    }
    if (overwrite) return;
    if (standing.is === 'changed') {
      throw new InputError(
        file,
        'has been changed since voxmask wrote it',
        this.instead('move it', 'choose another folder'),
      );
    }
    if (standing.by !== by) {
      throw new InputError(
        file,
        `is a result of "voxmask ${standing.by}"`,
        this.instead('choose another folder'),
      );
    }
  }

  /** The list is as good as it was where this fails: a command that ended is not to fail by it. */
  private tidy(): void {
    try {
      this.shared.lock?.requireHeld();
      this.shared.ledger.compact();
    } catch {}
  }

  private instead(...ways: string[]): string {
    const all = this.options.overwrite === null ? ways : [...ways, 'give --overwrite to replace it'];
    const text = all.length > 2 ? `${all.slice(0, -1).join(', ')}, or ${all.at(-1)}` : all.join(', or ');
    return text[0].toUpperCase() + text.slice(1);
  }

  /** Nothing is written or removed through a link. */
  private requireFolders(file: string, make: boolean): void {
    const parts = path.relative(this.root, path.dirname(path.resolve(file))).split(path.sep);
    if (parts[0] === '..' || parts[0] === '') return;
    let folder = this.root;
    for (const part of parts) {
      folder = path.join(folder, part);
      const stat = lstatSync(folder, { throwIfNoEntry: false });
      if (stat?.isDirectory()) continue;
      if (stat) {
        const what = stat.isSymbolicLink() ? 'a link, and nothing is written through it' : 'not a folder';
        throw new InputError(folder, `is ${what}`, 'Move it, or choose another folder');
      }
      if (!make) return;
      try {
        mkdirSync(folder, { recursive: true });
      } catch (error) {
        throw writeError(folder, error);
      }
    }
  }

  private removeEmptyUpTo(folder: string): void {
    for (let at = folder; isWithin(at, this.root) && at !== this.root; at = path.dirname(at)) {
      if (!existsSync(at)) continue;
      if (readdirSync(at).length > 0) return;
      rmdirSync(at);
    }
  }
}

export interface RemoveOptions {
  readonly within?: string;
  readonly by?: readonly string[];
  readonly keep?: readonly string[];
}

function isWithin(file: string, folder: string): boolean {
  const relative = path.relative(folder, file);
  return (
    relative === '' ||
    (relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative))
  );
}

/** @returns the folders that were missing, the outermost first */
function makeFolders(folder: string): string[] {
  const missing: string[] = [];
  for (let at = folder; !existsSync(at); at = path.dirname(at)) missing.unshift(at);
  try {
    makeFolder(folder);
  } catch (error) {
    throw writeError(path.dirname(folder), error);
  }
  if (lstatSync(folder).isDirectory()) return missing;
  throw new InputError(folder, 'is not a folder of voxmask', 'Move it, or choose another folder');
}

function removeEmpty(made: readonly string[]): void {
  for (const folder of made.toReversed()) {
    try {
      rmdirSync(folder);
    } catch {
      return; // something is in it
    }
  }
}

/** Removes what processes that ended were writing: temporary files of their own name, which hold nothing whole. */
function clear(records: string, takenFrom: Lock['takenFrom']): void {
  const dead = takenFrom === null || takenFrom === 'unreadable' ? null : tagOf(takenFrom);
  for (const name of readdirSync(records)) {
    const owner = temporaryOwner(name);
    if (owner !== null && (owner === dead || isGone(owner)))
      rmSync(path.join(records, name), { force: true });
  }
}

function takenOver(root: string, from: Holder | 'unreadable'): string {
  const who = from === 'unreadable' ? 'a process' : `process ${from.pid} on ${from.host}`;
  return `taking over ${root} from ${who} that ended without releasing it`;
}
