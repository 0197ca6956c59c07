import { existsSync, lstatSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../error.ts';
import { removeDead, temporaryName, writeAside } from './atomic.ts';
import { Ledger, type Standing } from './ledger.ts';
import { isPlain, isWithin, requireNoLinks } from './links.ts';
import { type Holder, type Lock, takeLock } from './lock.ts';
import { makeFolders, removeEmpty } from './make-folders.ts';
import { refuseLongNames } from './names.ts';
import { tagOf } from './process.ts';
import { instead, inTheWay, refuseReplacing } from './replacing.ts';

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
    outputFolderOf(root)?.requireFolders(path.join(root, recordsName), false);
    const records = path.join(root, recordsName);
    const made = makeRecords(records);
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
      removeDead(records, isHolder(lock?.takenFrom) ? tagOf(lock.takenFrom) : null);
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
   * Looks at a folder without making or holding it, before another part of the command opens it.
   *
   * @throws InputError when it is behind a link in a folder that is open
   */
  static view(
    folder: string,
    options: OutputOptions,
  ): Pick<OutputFolder, 'require' | 'requireOurs' | 'isUnchanged'> {
    const root = path.resolve(folder);
    outputFolderOf(root)?.requireFolders(path.join(root, recordsName), false);
    const ledger = open.get(root)?.ledger ?? new Ledger(path.join(root, recordsName, 'files.jsonl'), root);
    return new OutputFolder(root, options, { ledger, lock: null, made: [], handles: [] });
  }

  /**
   * Makes sure, before hours of work, that its results can be written.
   *
   * @param files what the command will write, by names relative to the folder or absolute paths
   * @param marker the file by which one knows a folder that holds such results; not given where results are added to
   * @throws InputError when results are there that may not be overwritten, or something else is in the place of a file
   */
  require(files: readonly string[], marker?: string): void {
    if (marker !== undefined) this.requireOurs([marker]);
    if (marker !== undefined && !this.options.overwrite && existsSync(path.join(this.root, marker))) {
      throw new InputError(
        this.root,
        `contains ${marker} already`,
        instead(this.options.overwrite, 'choose another folder'),
      );
    }
    refuseLongNames(files.map((name) => path.join(this.root, name)));
    for (const name of files) {
      const file = this.place(name);
      this.requireFolders(file, false);
      this.requireReplaceable(file, this.shared.ledger.standing(file));
    }
  }

  /** Makes sure that a folder below this one can be made or used. @throws InputError when a file or a link has its name */
  requireFolder(name: string): void {
    this.requireFolders(path.join(this.place(name), 'any'), false);
  }

  /** As `require`, but for results that are there already and may stay. @throws InputError when something else is in their place */
  requireOurs(files: readonly string[]): void {
    for (const name of files) {
      const file = this.place(name);
      this.requireFolders(file, false);
      if (this.shared.ledger.standing(file).is === 'foreign') throw inTheWay(file);
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
    makeRecords(path.join(this.root, recordsName)); // another process may have removed it as empty
    ledger.add(file, this.options.by, content);
    try {
      writeAside(path.join(this.root, recordsName, temporaryName()), file, content);
    } catch (error) {
      lock?.requireHeld(); // another process took the folder, and cleared away the temporary file
      throw error;
    }
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
   * Removes what a command wrote here before, and folders that are empty then. Where a link or a folder of somebody else has
   * taken a file's place, it stays.
   *
   * @param within the folder in which it is removed
   * @param direct leaves what is in folders of that folder
   * @param by the commands whose files are removed; this one's when not given
   * @param keep files that stay, by names relative to the folder or absolute paths
   * @throws InputError as `remove`; nothing is removed then
   */
  removeAll(options: RemoveOptions = {}): void {
    const files = this.removable(options);
    for (const file of files) {
      this.shared.lock?.requireHeld();
      rmSync(file);
      this.shared.ledger.drop(file);
    }
    const folders = new Set(files.map((file) => path.dirname(file)));
    for (const folder of folders) this.removeEmptyUpTo(folder);
  }

  /** Makes sure, before hours of work, that `removeAll` will not be refused. @throws InputError as it does */
  requireRemovable(options: RemoveOptions = {}): void {
    this.removable(options);
  }

  private removable({
    within = this.root,
    direct,
    by = [this.options.by],
    keep = [],
  }: RemoveOptions): string[] {
    const { ledger } = this.shared;
    const kept = new Set(keep.map((file) => path.resolve(this.root, file)));
    const isAsked = (file: string) =>
      direct ? path.dirname(file) === path.resolve(within) : isWithin(file, path.resolve(within));
    return ledger.files(by).filter((file) => {
      if (!isAsked(file) || kept.has(file)) return false;
      if (!isPlain(this.root, path.dirname(file))) return false;
      const standing = ledger.standing(file);
      if (standing.is === 'absent' || standing.is === 'foreign') return false;
      this.requireReplaceable(file, standing, by);
      return true;
    });
  }

  /** Whether all that this command has written and not removed is there as it was. */
  isUnchanged(): boolean {
    const { ledger } = this.shared;
    return ledger.files([this.options.by]).every((file) => ledger.standing(file).is === 'unchanged');
  }

  /** Whether this command has written something in a folder. */
  wroteWithin(folder: string): boolean {
    return this.shared.ledger.files([this.options.by]).some((file) => isWithin(file, path.resolve(folder)));
  }

  /**
   * Path of a file among the folder's records, for what a command remembers only while it runs.
   *
   * @throws InputError when a link or a folder has its name
   */
  record(name: string): string {
    const file = path.join(this.root, recordsName, name);
    const stat = lstatSync(file, { throwIfNoEntry: false });
    if (stat && !stat.isFile()) throw inTheWay(file);
    return file;
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

  /** @param name relative to the folder, or absolute */
  private place(name: string): string {
    return path.resolve(this.root, name);
  }

  /** @param by the commands whose results may be replaced without --overwrite */
  private requireReplaceable(file: string, standing: Standing, by = [this.options.by] as readonly string[]) {
    refuseReplacing(file, standing, { by, overwrite: this.options.overwrite });
  }

  /** The list is as good as it was where this fails: a command that ended is not to fail by it. */
  private tidy(): void {
    try {
      this.shared.lock?.requireHeld();
      this.shared.ledger.compact();
    } catch {}
  }

  private requireFolders(file: string, make: boolean): void {
    requireNoLinks(this.root, path.dirname(path.resolve(file)), make);
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
  readonly direct?: boolean;
  readonly by?: readonly string[];
  readonly keep?: readonly string[];
}

/** @returns the folders that were missing, the outermost first */
function makeRecords(folder: string): string[] {
  const made = makeFolders(folder);
  if (lstatSync(folder).isDirectory()) return made;
  throw new InputError(folder, 'is not a folder of voxmask', 'Move it, or choose another folder');
}

function isHolder(from: Lock['takenFrom'] | undefined): from is Holder {
  return from !== null && from !== undefined && from !== 'unreadable';
}

function takenOver(root: string, from: Holder | 'unreadable'): string {
  const who = from === 'unreadable' ? 'a process' : `process ${from.pid} on ${from.host}`;
  return `taking over ${root} from ${who} that ended without releasing it`;
}
