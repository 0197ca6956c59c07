import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { reportFailure, UsageError } from '../../cli/fail.ts';
import { Progress } from '../../cli/progress.ts';
import { guardTerminal } from '../../cli/terminal.ts';
import { InputError } from '../../cohort/error.ts';
import { textTable } from '../../report/text-table.ts';
import { FakeStream } from './streams.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-terminal-'));
afterAll(() => rmSync(folder, { recursive: true }));

const evil = 'a\u001b[31m\u009b2J\r\u202eb';
const shown = 'a\\u001b[31m\\u009b2J\\u000d\\u202eb';

function guarded(isTTY: boolean): FakeStream {
  const stream = new FakeStream(isTTY, 200);
  guardTerminal([stream as unknown as NodeJS.WriteStream]);
  return stream;
}

describe('a guarded stream', () => {
  it('shows control characters as escapes, and leaves bytes alone', () => {
    const stream = guarded(true);
    stream.write(`${evil}\ttab\nline\n`);
    expect(stream.text).toBe(`${shown}\ttab\nline\n`);
  });

  it('lets a progress bar redraw itself, whatever the names in it', () => {
    const stream = guarded(true);
    const bar = new Progress(evil, 2, { stream });
    bar.log(`${evil}: begun`);
    bar.finish(`${evil}\nsecond`);
    expect(stream.text).toContain('\r\u001b[2K');
    expect(stream.text.replaceAll('\r\u001b[2K', '')).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
    expect(stream.text).toContain(`${shown}: begun`);
    expect(stream.text).toContain(`${shown}\\u000asecond`);
  });
});

it('keeps a table a table', () => {
  expect(textTable(['file', 'n'], [[`${evil}\n\tc`, 1]]).split('\n')).toEqual([
    `file${' '.repeat(shown.length + 9)}  n`,
    `${'-'.repeat(shown.length + 13)}  -`,
    `${shown}\\u000a\\u0009c  1`,
  ]);
});

it('reports failures on lines of their own', () => {
  const said = (error: unknown) => {
    const stream = new FakeStream();
    reportFailure(error, stream);
    return stream.text;
  };
  expect(said(new InputError(`${evil}\nx`, 'is empty', 'Fill it'))).toBe(
    `voxmask: ${shown}\\u000ax: is empty. Fill it.\n`,
  );
  expect(said(new UsageError(`--seed takes a number, not ${evil}\nx`, 'train'))).toBe(
    `voxmask: --seed takes a number, not ${shown}\\u000ax\nSee: voxmask train --help\n`,
  );
  expect(said(new Error(evil))).toContain(shown);
});

it('holds for the program, on both of its streams', () => {
  const table = path.join(folder, `${evil.replace('\r', '')}.tsv`);
  mkdirSync(path.dirname(table), { recursive: true });
  const rows = ['CN', 'CN', 'AD', 'AD'].map(
    (diagnosis, i) => `sub-${i}\tses-M00\t${diagnosis}\t70\tF\ti${i}.nii`,
  );
  writeFileSync(table, `${['participant_id\tsession_id\tdiagnosis\tage\tsex\tpath', ...rows].join('\n')}\n`);
  for (const words of [
    ['cohort', 'describe', table],
    ['cohort', 'describe', table, '--json'],
    ['cohort', 'describe', `${table}-absent`],
    ['cohort', 'describe', table, `--${evil}`],
  ]) {
    const { stdout, stderr } = spawnSync(process.execPath, ['dist/cli/main.js', ...words], {
      encoding: 'utf8',
    });
    expect(stdout + stderr).toContain('\\u001b[31m');
    expect(stdout + stderr).not.toMatch(/[^\P{Cc}\n\t]|\u202e/u);
  }
});
