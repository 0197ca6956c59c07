import { type ChildProcess, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { main } from '../../cli/run.ts';
import { simulateCohort } from '../../cohort/simulate/index.ts';
import { stream } from '../../cohort/simulate/random.ts';
import { readCheckpoint } from '../../model/checkpoint.ts';
import { inPlaceOf } from './in-place-of.ts';
import { collectPrinted, printed } from './printed.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-resume-'));
const { cohort } = simulateCohort(path.join(folder, 'cohort'), {
  participantsPerClass: 6,
  strength: 0.3,
  resolution: 6,
  seed: 1,
});
const built = path.resolve('dist/cli/main.js');
const options = [
  ...['--channels', '4,8', '--sub-blocks', '1,2', '--folds', '3', '--batch-size', '2', '--epochs', '5'],
  ...['--learning-rate', '1e-3', '--checkpoint-every', '0'],
];
/** Where a training lies in its folder; of a folder alone, where its only training does. */
const at = (name: string, ...names: string[]) => path.join(folder, name, 'split-0/run-0', ...names);
const bytes = (name: string, file: string) => readFileSync(at(name, file)).toString('base64');
const results = [
  'best-balanced_accuracy/model.safetensors',
  'best-balanced_accuracy/train/train_image_level_prediction.tsv',
  'best-balanced_accuracy/validation/validation_image_level_prediction.tsv',
  'best-balanced_accuracy/validation/validation_image_level_metrics.tsv',
  'split.tsv',
];

collectPrinted();
afterAll(() => rmSync(folder, { recursive: true }));

const train = (name: string, ...more: string[]) =>
  main(inPlaceOf(['train', cohort, '--out', path.join(folder, name), ...options, '--quiet'], more));

/** The history without its last two columns, which tell time. */
function history(name: string): string[] {
  const lines = readFileSync(at(name, 'training_logs/training.tsv'), 'utf8').trim().split('\n');
  return lines.map((line) => line.split('\t').slice(0, -2).join('\t'));
}

/** The command as a process of its own. */
function start(name: string) {
  const child = spawn(process.execPath, [
    built,
    'train',
    cohort,
    '--out',
    path.join(folder, name),
    ...options,
  ]);
  const ended = new Promise<number | null>((resolve) => {
    child.on('close', resolve);
  });
  return { child, ended };
}

/** Waits until a training has got further than it was, or has ended: so that kills fall within it on any machine. */
async function newCheckpoint(child: ChildProcess, before: Stats | undefined): Promise<void> {
  const current = () => statSync(at('killed', 'checkpoint.safetensors'), { throwIfNoEntry: false })?.mtimeMs;
  while (child.exitCode === null && (current() ?? before?.mtimeMs) === before?.mtimeMs) await pause(2);
}

describe.skipIf(!existsSync(built))('a training that is killed', () => {
  it('goes on when the command is run again, and ends with the bytes of one that was not', async () => {
    expect(await train('whole')).toBe(0);
    const random = stream(11);
    let kills = 0;
    for (let tries = 0; tries < 12; tries++) {
      const { child, ended } = start('killed');
      await newCheckpoint(child, statSync(at('killed', 'checkpoint.safetensors'), { throwIfNoEntry: false }));
      await pause(60 * random.uniform());
      child.kill('SIGKILL');
      if ((await ended) === 0) break;
      kills++;
      const left = readdirSync(at('killed'), { recursive: true }).map(String);
      expect(left.filter((file) => file.endsWith('.part')).length).toBeLessThanOrEqual(1);
      if (left.includes('checkpoint.safetensors'))
        expect(() => readCheckpoint(at('killed', 'checkpoint.safetensors'))).not.toThrow();
    }
    expect(kills).toBeGreaterThan(1);
    if (!existsSync(at('killed', 'train.json'))) expect(await train('killed')).toBe(0);
    for (const name of results) expect(bytes('killed', name), name).toBe(bytes('whole', name));
    expect(history('killed')).toEqual(history('whole'));
    const files = (name: string) => readdirSync(at(name), { recursive: true }).sort();
    expect(files('killed')).toEqual(files('whole'));
  }, 120_000);
});

it('does not run a finished training again, unless told to', async () => {
  expect(await train('once', '--epochs', '1')).toBe(0);
  const before = readFileSync(at('once', 'train.json'), 'utf8');
  printed.out = '';
  expect(await train('once', '--epochs', '1', '--json')).toBe(0);
  expect(printed.err).toMatch(/once.split-0.run-0 holds this very training, finished; it was not run again/);
  expect(JSON.parse(printed.out)).toMatchObject({ finishedBefore: true, epochs: 1, train: { CN: 4, AD: 4 } });
  expect(readFileSync(at('once', 'train.json'), 'utf8')).toBe(before);
  expect(await train('once', '--epochs', '2')).toBe(1);
  expect(printed.err).toMatch(/once: holds trainings with another training\.epochs\./);
  expect(await train('once', '--epochs', '1', '--overwrite')).toBe(0);
  expect(readFileSync(at('once', 'train.json'), 'utf8')).not.toBe(before);
});

it('refuses to go on with other options, naming them, or from a file that is no checkpoint', async () => {
  const { child, ended } = start('begun');
  while (!existsSync(at('begun', 'checkpoint.safetensors'))) await pause(20);
  child.kill('SIGKILL');
  await ended;
  cpSync(at('begun'), at('other'), { recursive: true }); // with the lock of the process that was killed
  expect(await train('other', '--learning-rate', '0.1')).toBe(1);
  expect(printed.err).toMatch(
    /other.split-0.run-0: holds an unfinished training with another training\. Give the options/,
  );
  printed.err = '';
  expect(await train('other', '--split-seed', '5')).toBe(1);
  expect(printed.err).toMatch(/with another split/);
  writeFileSync(at('other', 'checkpoint.safetensors'), 'nothing of the kind');
  expect(await train('other')).toBe(1);
  expect(printed.err).toMatch(/checkpoint\.safetensors: has been changed since voxmask wrote it/);
  expect(await train('other', '--overwrite', '--epochs', '1')).toBe(0);
});
