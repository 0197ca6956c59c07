import { closeSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { InputError } from '../../cohort/error.ts';
import { makeFolder } from '../../cohort/make-folder.ts';

const name = '.lock';

interface Holder {
  readonly host: string;
  readonly pid: number;
}

/**
 * Takes a results folder for this process until the function returned is called: two at once would spoil each other's files.
 * What a process that is gone has left (its lock, files written halfway) is cleared away.
 *
 * @throws InputError naming the process that holds the folder
 */
export function lockFolder(folder: string): () => void {
  const file = path.join(folder, name);
  makeFolder(folder);
  const own = JSON.stringify({ host: hostname(), pid: process.pid } satisfies Holder);
  // A second try, after a dead process's lock has been removed.
  for (let tries = 0; ; tries++) {
    try {
      const descriptor = openSync(file, 'wx');
      writeSync(descriptor, own);
      closeSync(descriptor);
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const holder = readHolder(file);
      if (tries > 0 || !isGone(holder)) throw inUse(folder, holder);
      rmSync(file, { force: true });
    }
  }
  for (const left of readdirSync(folder, { recursive: true }).map(String)) {
    if (left.endsWith('.part')) rmSync(path.join(folder, left), { force: true });
  }
  return () => rmSync(file, { force: true });
}

function readHolder(file: string): Holder | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null; // written just now, or broken
  }
}

function isGone(holder: Holder | null): boolean {
  if (holder === null || holder.host !== hostname()) return false;
  try {
    process.kill(holder.pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

function inUse(folder: string, holder: Holder | null): InputError {
  const who = holder ? `process ${holder.pid} on ${holder.host}` : 'another process';
  return new InputError(
    folder,
    `is being written by ${who}`,
    `Wait for it, or choose another folder; if it is gone, delete ${path.join(folder, name)}`,
  );
}
