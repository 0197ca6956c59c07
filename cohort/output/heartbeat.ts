import { Worker } from 'node:worker_threads';

/** Seconds between two signs of life in a lock. */
export const beatSeconds = 5;

/** Digits of the counter at the end of a lock. */
export const beatDigits = 12;

// A thread of its own, since the main one may compute for minutes without a pause. It keeps the file open: after another
// process has put its own lock there, the beats go into the old one.
const program = `
const { openSync, writeSync, closeSync, fstatSync } = require('node:fs');
const { parentPort } = require('node:worker_threads');
const locks = new Map();
let count = 0;
parentPort.on('message', ({ file, held }) => {
  if (held) { try { locks.set(file, openSync(file, 'r+')); } catch {} return; }
  const open = locks.get(file);
  if (open !== undefined) { locks.delete(file); closeSync(open); }
});
setInterval(() => {
  count += 1;
  const digits = String(count).padStart(${beatDigits}, '0') + '\\n';
  for (const open of locks.values()) {
    try { writeSync(open, digits, fstatSync(open).size - ${beatDigits + 1}); } catch {}
  }
}, ${1000 * beatSeconds});
`;

let worker: Worker | null = null;

/** Counts up in a lock every few seconds from now on, even while this process computes. */
export function startBeating(file: string): void {
  if (worker === null) {
    worker = new Worker(program, { eval: true, execArgv: [], env: {} });
    worker.on('error', () => {}); // without beats, other machines take the lock for a dead process's: nothing more
    worker.unref();
  }
  worker.postMessage({ file, held: true });
}

/** Ends what `startBeating` began. */
export function stopBeating(file: string): void {
  worker?.postMessage({ file, held: false });
}
