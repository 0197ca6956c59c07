import {
  closeSync,
  fstatSync,
  linkSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { InputError } from '../error.ts';
import { writeError } from '../system-error.ts';
import { temporaryName } from './atomic.ts';
import { beatDigits, startBeating, stopBeating } from './heartbeat.ts';
import { makeFolders } from './make-folders.ts';
import { type ProcessIdentity, stateOf, thisProcess } from './process.ts';

/** Who holds a lock. */
export interface Holder extends ProcessIdentity {
  readonly program: 'voxmask';
  /** as "mask group" */
  readonly command: string;
  readonly since: string;
}

/** A lock that this process holds. */
export interface Lock {
  /** the process that had died with the lock, if one had */
  readonly takenFrom: Holder | 'unreadable' | null;
  /** @throws InputError when another process has taken the lock, as after this one was suspended for long */
  requireHeld(): void;
  release(): void;
}

export interface LockOptions {
  readonly command: string;
  /** takes the lock whoever holds it */
  readonly force: boolean;
  /** Says why nothing happens for a while. */
  readonly onNotice: (text: string) => void;
  /** a lock of a process that cannot be asked about is dead after so many seconds without a sign of life */
  readonly deadAfter?: number;
}

/** The same lock file at one moment. */
interface Seen {
  readonly text: string;
  readonly holder: Holder | null;
  /** seconds since the last sign of life, by the clock of the file system */
  readonly age: number;
}

const plainDeadAfter = 60; // a few times the longest that network file systems keep attributes back
const pollSeconds = 1;

/**
 * Takes a lock file for this process. The lock of a process that is gone is taken over: one of this machine at once; one of
 * another machine or container, which cannot be asked, when it gives no sign of life for a minute.
 *
 * @throws InputError naming the process that holds the lock, or when something else has its name
 */
export function takeLock(file: string, options: LockOptions): Lock {
  const own: Holder = {
    program: 'voxmask',
    ...thisProcess(),
    command: options.command,
    since: new Date().toISOString(),
  };
  const content = `${JSON.stringify(own)}\n${'0'.repeat(beatDigits)}\n`;
  let takenFrom: Lock['takenFrom'] = null;
  // Another process may take over the same dead lock, and be faster; then its own is looked at.
  while (!createWhole(file, content)) {
    const seen = look(file);
    if (seen === null) continue; // released in between
    if (seen.holder === null && seen.text.trim() !== '') throw foreign(file);
    if (!options.force && !isDead(file, seen, options)) throw inUse(file, seen.holder);
    if (removeSeen(file, seen)) takenFrom = seen.holder ?? 'unreadable';
  }
  startBeating(file);
  return {
    takenFrom,
    requireHeld: () => {
      const holder = holderOf(file);
      if (holder?.token !== own.token) throw lost(file, holder);
    },
    release: () => {
      stopBeating(file);
      if (holderOf(file)?.token === own.token) rmSync(file, { force: true });
    },
  };
}

/** Makes the lock with all its content at once, so that no one ever reads half of it. @returns false where one is there */
function createWhole(file: string, content: string): boolean {
  const aside = path.join(path.dirname(file), temporaryName());
  try {
    makeFolders(path.dirname(file)); // another process may have removed it as empty
    try {
      writeFileSync(aside, content, { flag: 'wx' });
      linkSync(aside, file);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') return false;
      if (!['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK'].includes(code ?? '')) throw error;
      return createPlain(file, content); // a file system without hard links
    } finally {
      rmSync(aside, { force: true });
    }
    return true;
  } catch (error) {
    throw writeError(file, error);
  }
}

function createPlain(file: string, content: string): boolean {
  try {
    writeFileSync(file, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    rmSync(file, { force: true }); // half of it: the disk is full
    throw error;
  }
}

/** @returns null where there is no lock */
function look(file: string): Seen | null {
  const aside = path.join(path.dirname(file), temporaryName());
  const stat = lstatSync(file, { throwIfNoEntry: false });
  if (stat && !stat.isFile()) throw foreign(file);
  try {
    const descriptor = openSync(file, 'r');
    try {
      const text = readFileSync(descriptor, 'utf8');
      // The clock of the file system: those of two machines may differ.
      writeFileSync(aside, '', { flag: 'wx' });
      const now = fstatOf(aside);
      return { text, holder: holderIn(text), age: (now - fstatSync(descriptor).mtimeMs) / 1000 };
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw writeError(file, error);
  } finally {
    rmSync(aside, { force: true });
  }
}

/** Who holds a lock; null where there is none that can be read. */
function holderOf(file: string): Holder | null {
  try {
    return holderIn(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}

function fstatOf(file: string): number {
  const descriptor = openSync(file, 'r');
  try {
    return fstatSync(descriptor).mtimeMs;
  } finally {
    closeSync(descriptor);
  }
}

function holderIn(text: string): Holder | null {
  try {
    const found = JSON.parse(text.split('\n', 1)[0]);
    return found.program === 'voxmask' && typeof found.token === 'string' ? found : null;
  } catch {
    return null;
  }
}

/** Whether a lock's process is gone; waits, where only time can show it. */
function isDead(file: string, seen: Seen, { onNotice, deadAfter = plainDeadAfter }: LockOptions): boolean {
  const state = seen.holder === null ? 'unknown' : stateOf(seen.holder);
  if (state !== 'unknown') return state === 'gone';
  if (seen.age < deadAfter) {
    const seconds = Math.ceil(deadAfter - seen.age);
    onNotice(
      `waiting up to ${seconds} s to see whether ${nameOf(seen.holder)} still works in ${folderOf(file)}`,
    );
  }
  for (let age = seen.age; age < deadAfter; ) {
    pause(Math.min(pollSeconds, deadAfter - age));
    const now = look(file);
    if (now === null) return true;
    if (now.text !== seen.text) return false;
    age = now.age;
  }
  return true;
}

/** Removes a lock if it is still the one that was seen. */
function removeSeen(file: string, { text }: Seen): boolean {
  const aside = path.join(path.dirname(file), temporaryName());
  try {
    renameSync(file, aside);
  } catch {
    return false; // another process was faster
  }
  if (readFileSync(aside, 'utf8') !== text) {
    // A live one that was made meanwhile: back with it, unless there is a newer one again.
    try {
      linkSync(aside, file);
    } catch {}
    rmSync(aside, { force: true });
    return false;
  }
  rmSync(aside, { force: true });
  return true;
}

function pause(seconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000 * seconds);
}

function nameOf(holder: Holder | null): string {
  return holder === null
    ? 'another process'
    : `process ${holder.pid} on ${holder.host} (voxmask ${holder.command}, since ${holder.since})`;
}

function folderOf(file: string): string {
  return path.dirname(path.dirname(file));
}

function inUse(file: string, holder: Holder | null): InputError {
  return new InputError(
    folderOf(file),
    `is in use by ${nameOf(holder)}`,
    'Wait for it, or choose another folder; if you know that it is gone, give --force-unlock',
  );
}

function foreign(file: string): InputError {
  return new InputError(file, 'is not a lock of voxmask', 'Move the file, or choose another folder');
}

function lost(file: string, holder: Holder | null): InputError {
  const who = holder === null ? 'Its lock is gone' : `It is in use by ${nameOf(holder)} now`;
  return new InputError(
    folderOf(file),
    `this process no longer holds the folder, and writes nothing more into it. ${who}`,
    'Run the command again when the other one has ended',
  );
}
