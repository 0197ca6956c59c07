import { createHash } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, lstatSync, openSync, readFileSync, readSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../error.ts';
import { writeError } from '../system-error.ts';
import { temporaryName, writeAll, writeAside } from './atomic.ts';

const format = 1;
const head = JSON.stringify({ voxmask: 'files', format });

/** What was written under a name. */
interface Entry {
  /** the command, as "mask group" */
  readonly by: string;
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * How a file stands: written by voxmask and unchanged since, by whom; written by it and changed since; not written by it; or not
 * there.
 */
export type Standing =
  | { readonly is: 'absent' }
  | { readonly is: 'foreign' }
  | { readonly is: 'unchanged' | 'changed'; readonly by: string };

/**
 * The list of what voxmask has written into a folder: a line of JSON per file with its name, the command, size and SHA-256. A
 * line is added before the file is put in its place, so that a process which dies in between leaves nothing unlisted; a line cut
 * short by its death is passed over. Several processes may add lines at once.
 */
export class Ledger {
  private readonly file: string;
  private readonly root: string;
  private readonly entries = new Map<string, Entry[]>();
  private read = 0; // bytes of the file that are taken in
  private past = false; // whether lines are of contents that are gone

  /** @param root the folder that names are relative to */
  constructor(file: string, root: string) {
    this.file = file;
    this.root = root;
  }

  /** Adds what is about to be written. */
  add(file: string, by: string, content: Uint8Array): void {
    const entry: Entry = { by, bytes: content.length, sha256: digest(content) };
    this.append({ file: this.nameOf(file), ...entry });
  }

  /**
   * Writes the list anew without what is past: earlier contents, and files that were removed, whose names may have been of
   * people. Only for a folder that no other process writes into.
   */
  compact(): void {
    this.refresh();
    if (!this.past) return;
    for (const [name, entries] of this.entries) {
      const kept = this.present(path.resolve(this.root, name), entries);
      if (kept.length > 0) this.entries.set(name, kept);
      else this.entries.delete(name);
    }
    const lines = [...this.entries].flatMap(([file, entries]) =>
      entries.map((entry) => ({ file, ...entry })),
    );
    const text = [head, ...lines.map((line) => JSON.stringify(line))].map((line) => `${line}\n`).join('');
    writeAside(path.join(path.dirname(this.file), temporaryName()), this.file, Buffer.from(text));
    this.read = Buffer.byteLength(text);
    this.past = false;
  }

  /** The entry of a file's content; all, where it was changed; none, where the file is gone. */
  private present(file: string, entries: Entry[]): Entry[] {
    const stat = lstatSync(file, { throwIfNoEntry: false });
    if (!stat) return [];
    if (!stat.isFile() || entries.length === 1) return entries;
    // The last one may never have come to its place: the process died, or the disk was full.
    const found = entryOf(readFileSync(file), entries);
    return found ? [found] : entries;
  }

  /** Adds that a file is gone. */
  drop(file: string): void {
    this.append({ file: this.nameOf(file), removed: true });
  }

  /** How a file stands, by its bytes. A link is never voxmask's. */
  standing(file: string): Standing {
    this.refresh();
    const stat = lstatSync(file, { throwIfNoEntry: false });
    if (!stat) return { is: 'absent' };
    const entries = this.entries.get(this.nameOf(file)) ?? [];
    if (!stat.isFile() || entries.length === 0) return { is: 'foreign' };
    const { by } = entries[entries.length - 1];
    // An earlier content counts too: the process may have died before the new one was in its place.
    const isAlike = entries.some(({ bytes }) => bytes === stat.size); // else it need not be read
    const found = isAlike && entryOf(readFileSync(file), entries);
    return found ? { is: 'unchanged', by: found.by } : { is: 'changed', by };
  }

  /** Paths of all files that some command has written and none has removed. */
  files(by: readonly string[]): string[] {
    this.refresh();
    return [...this.entries]
      .filter(([, entries]) => by.includes(entries[entries.length - 1].by))
      .map(([name]) => path.resolve(this.root, name));
  }

  private nameOf(file: string): string {
    return path.relative(this.root, path.resolve(file)).split(path.sep).join('/');
  }

  private append(line: object): void {
    this.refresh();
    try {
      const descriptor = openSync(this.file, 'a+');
      try {
        const { size } = fstatSync(descriptor);
        const start = size === 0 ? `${head}\n` : '';
        // A line cut short by a process that died is ended first.
        const end = size > 0 && lastByte(descriptor, size) !== '\n' ? '\n' : '';
        writeAll(descriptor, Buffer.from(`${end}${start}${JSON.stringify(line)}\n`));
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
    } catch (error) {
      throw writeError(this.file, error);
    }
  }

  /** Reads what this or another process has added since. */
  private refresh(): void {
    const stat = lstatSync(this.file, { throwIfNoEntry: false });
    if (stat && !stat.isFile()) throw noList(this.file);
    const size = stat?.size ?? 0;
    if (size <= this.read) return;
    const added = Buffer.alloc(size - this.read);
    const descriptor = openSync(this.file, 'r');
    try {
      readSync(descriptor, added, 0, added.length, this.read);
    } finally {
      closeSync(descriptor);
    }
    if (this.read === 0 && !isHead(added)) throw noList(this.file);
    const end = added.lastIndexOf('\n') + 1; // what follows is being written
    this.read += end;
    for (const line of added.toString('utf8', 0, end).split('\n')) this.take(line);
  }

  private take(line: string): void {
    const found = parsed(line);
    if (found === null) return;
    if (found.voxmask === 'files' && found.format !== format) throw newer(this.file, found.format);
    const { file: name, by, bytes, sha256, removed } = found;
    if (typeof name !== 'string') return;
    if (removed === true || this.entries.has(name)) this.past = true;
    if (removed === true) this.entries.delete(name);
    else if (typeof by === 'string' && typeof bytes === 'number' && typeof sha256 === 'string') {
      const entry = { by, bytes, sha256 };
      const entries = this.entries.get(name);
      if (entries) entries.push(entry);
      else this.entries.set(name, [entry]);
    }
  }
}

/** The last entry of a content. */
function entryOf(content: Uint8Array, entries: readonly Entry[]): Entry | undefined {
  const sha256 = digest(content);
  return entries.findLast((entry) => entry.bytes === content.length && entry.sha256 === sha256);
}

function lastByte(descriptor: number, size: number): string {
  const byte = Buffer.alloc(1);
  readSync(descriptor, byte, 0, 1, size - 1);
  return byte.toString('latin1');
}

/** Whether a list begins as one of voxmask's, of any format; a full disk may have cut its first line. */
function isHead(content: Buffer): boolean {
  const [line] = content.toString('utf8').split('\n', 1);
  return head.startsWith(line) || parsed(line)?.voxmask === 'files';
}

function noList(file: string): InputError {
  return new InputError(file, 'is not a list of files of voxmask', 'Move it, or choose another folder');
}

function parsed(line: string): Record<string, unknown> | null {
  try {
    const value = JSON.parse(line);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}

function newer(file: string, found: unknown): InputError {
  return new InputError(file, `has format ${found}, which this version does not know`, 'Update voxmask');
}

function digest(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
