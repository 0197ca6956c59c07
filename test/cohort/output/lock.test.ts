import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type LockOptions, takeLock } from '../../../cohort/output/lock.ts';
import { thisProcess } from '../../../cohort/output/process.ts';
import { temporaryFolder } from '../raw-nifti.ts';

const folder = temporaryFolder();
let count = 0;

function place(content?: string): string {
  const records = path.join(folder, `results-${++count}`, '.voxmask');
  mkdirSync(records, { recursive: true });
  const file = path.join(records, 'lock');
  if (content !== undefined) writeFileSync(file, content);
  return file;
}

const notices: string[] = [];
const options: LockOptions = {
  command: 'train',
  force: false,
  onNotice: (text) => notices.push(text),
  deadAfter: 3,
};

/** A lock as another process would have left it. */
function lockOf(other: object): string {
  const holder = {
    program: 'voxmask',
    ...thisProcess(),
    token: 'f'.repeat(16),
    command: 'train',
    since: 'then',
  };
  return `${JSON.stringify({ ...holder, ...other })}\n${'0'.repeat(12)}\n`;
}

const elsewhere = { host: 'elsewhere', boot: 'another' };

/** Makes a lock's last sign of life so many seconds old. */
function age(file: string, seconds: number): void {
  const then = Date.now() / 1000 - seconds;
  utimesSync(file, then, then);
}

describe('takeLock', () => {
  it('holds off a second taker, by name, until it is released, and leaves nothing', () => {
    const file = place();
    const lock = takeLock(file, options);
    expect(() => takeLock(file, options)).toThrow(
      `is in use by process ${process.pid} on ${hostname()} (voxmask train`,
    );
    lock.requireHeld();
    lock.release();
    expect(readdirSync(path.dirname(file))).toEqual([]);
    takeLock(file, options).release();
  });

  it('takes over from a process of this machine that has ended', () => {
    const { pid } = spawnSync(process.execPath, ['-e', '0']);
    const file = place(lockOf({ pid, started: '1' }));
    const lock = takeLock(file, options);
    expect(lock.takenFrom).toMatchObject({ pid });
    lock.release();
  });

  it.skipIf(process.platform !== 'linux')('takes over from a process whose id another one has by now', () => {
    // As in a container that was started again: the dead process had the id of the one that looks.
    const file = place(lockOf({ started: '1' }));
    takeLock(file, options).release();
  });

  it('never takes over from a running process, however long it was silent', async () => {
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 1e6)']);
    try {
      const file = place(lockOf({ pid: child.pid, started: null }));
      age(file, 1e6);
      expect(() => takeLock(file, options)).toThrow(`in use by process ${child.pid} on`);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('takes over from another machine once it was silent for long, whatever the host was called', () => {
    for (const other of [
      elsewhere,
      { ...elsewhere, host: hostname() },
      { namespace: 'pid:[1]', host: 'c0ffee' },
    ]) {
      const file = place(lockOf(other));
      age(file, 4);
      const lock = takeLock(file, options);
      expect(lock.takenFrom).toMatchObject(other);
      lock.release();
    }
  });

  it('waits for signs of life of another machine, and says so', () => {
    notices.length = 0;
    const file = place(lockOf(elsewhere));
    age(file, 2);
    takeLock(file, options).release();
    expect(notices).toEqual([
      expect.stringMatching(/^waiting up to 1 s to see whether process \d+ on elsewhere/),
    ]);
  });

  it('refuses once another machine gives a sign of life', async () => {
    const file = place(lockOf(elsewhere));
    // A process that beats, as the holder's thread does.
    const program = `const { openSync, writeSync } = require('fs'); const file = openSync(process.argv[1], 'r+'); let n = 0;
      setInterval(() => writeSync(file, String(++n).padStart(12, '0') + '\\n', ${readFileSync(file).length - 13}), 50)`;
    const child = spawn(process.execPath, ['-e', program, file]);
    try {
      const before = readFileSync(file, 'utf8');
      while (readFileSync(file, 'utf8') === before) await new Promise((resolve) => setTimeout(resolve, 20));
      expect(() => takeLock(file, options)).toThrow('in use by process');
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('takes over an empty lock once it is old', () => {
    const file = place('');
    age(file, 4);
    const lock = takeLock(file, options);
    expect(lock.takenFrom).toBe('unreadable');
    lock.release();
  });

  it('refuses something else of its name, even when forced, and leaves it', () => {
    for (const content of ['mine', '{"program":"other"}', '[]', 'null']) {
      const file = place(content);
      age(file, 1e6);
      for (const force of [false, true])
        expect(() => takeLock(file, { ...options, force })).toThrow(/lock: is not a lock of voxmask\. Move/);
      expect(readFileSync(file, 'utf8')).toBe(content);
    }
  });

  it('takes a held lock when forced; the one that held it then writes no more', () => {
    const file = place();
    const first = takeLock(file, options);
    const { pid } = process;
    writeFileSync(file, lockOf({ ...elsewhere, pid })); // as another process that was forced
    expect(() => first.requireHeld()).toThrow(
      /no longer holds the folder.*in use by process .* on elsewhere .* now/,
    );
    first.release();
    expect(readFileSync(file, 'utf8')).toContain('elsewhere'); // it is not the first one's to remove
    takeLock(file, { ...options, force: true }).release();
  });

  it('goes to one of several that take over at once', async () => {
    const module = path.resolve(import.meta.dirname, '../../../dist/cohort/output/lock.js');
    const program = `const { takeLock } = await import(${JSON.stringify(`file://${module}`)});
      process.stdin.on('end', () => process.exit(0)).resume();
      try { takeLock(process.argv[1], { command: 'x', force: false, onNotice() {} }); console.log('held'); }
      catch (error) { console.log(error.message.includes('in use by') ? 'refused' : error.stack); }`;
    const { pid } = spawnSync(process.execPath, ['-e', '0']);
    const file = place(lockOf({ pid, started: '1' }));
    const children = Array.from({ length: 5 }, () =>
      spawn(process.execPath, ['--input-type=module', '-e', program, file]),
    );
    const said = children.map((child) => new Promise((resolve) => child.stdout.once('data', resolve)));
    const outputs = (await Promise.all(said)).map((text) => String(text).trim());
    for (const child of children) child.stdin.end(); // the one that took it has held it until now
    expect(outputs.sort()).toEqual(['held', 'refused', 'refused', 'refused', 'refused']);
  });
});
