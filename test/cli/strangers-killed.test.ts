import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { main } from '../../cli/run.ts';
import { collectPrinted, printed } from './printed.ts';
import { gridFile, reportSetup, studySetup } from './strangers/commands.ts';
import { makeInputs } from './strangers/inputs.ts';
import { addStrangers, below, changes, makeOutside, snapshot } from './strangers/strangers.ts';

const inputs = await makeInputs();
const outside = path.join(inputs.folder, 'outside');
makeOutside(outside);
collectPrinted();
afterAll(() => rmSync(inputs.folder, { recursive: true }));

/** A command that is stopped while it writes. */
interface Stopped {
  readonly name: string;
  readonly setup?: (folder: string) => void;
  readonly words: (place: (name: string) => string) => string[];
  /** options with which it would not end by itself */
  readonly endless?: readonly string[];
  /** options of the run afterwards */
  readonly again: readonly string[];
  /** part of a path that is there once it has begun to write; a signal is sent then */
  readonly begun: string;
}

const { files, model } = inputs;
const forever = ['--epochs', '1000000', '--patience', '1000000', '--checkpoint-every', '0'];
const steps = [...forever, '--steps', '1000000'];
const grid = gridFile(inputs);
const atlas = ['--atlas', files.atlas, '--labels', files.labels];
const network = ['--model', model, '--cohort', files.cohort];
const small = ['--channels', '2,2', '--sub-blocks', '1,1', '--batch-size', '4', '--folds', '3'];

const commands: Stopped[] = [
  {
    name: 'train',
    words: (place) => ['train', files.cohort, '--out', place('out'), ...small],
    endless: forever,
    again: ['--epochs', '1', '--overwrite'],
    begun: 'checkpoint.safetensors',
  },
  {
    name: 'mask group',
    words: (place) => ['mask', 'group', ...network, '--out', place('out')],
    endless: steps,
    again: ['--steps', '1', '--overwrite'],
    begun: 'checkpoint.safetensors',
  },
  {
    name: 'grid',
    words: (place) => ['grid', grid, ...network, ...atlas, '--out', place('out')],
    endless: steps,
    again: ['--steps', '1', '--overwrite'],
    begun: 'checkpoint.safetensors',
  },
  {
    name: 'mask session',
    words: (place) => [
      'mask',
      'session',
      ...network,
      '--out',
      place('out'),
      '--batch-size',
      '1',
      '--steps',
      '2',
    ],
    again: [],
    begun: 'mask.json',
  },
  {
    name: 'simulate',
    words: (place) => ['simulate', place('out')],
    again: ['--participants', '1', '--overwrite'],
    begun: 'simulated_probability.nii.gz',
  },
  {
    name: 'cohort check',
    words: (place) => ['cohort', 'check', files.cohort, '--out', place('out')],
    again: [],
    begun: '.voxmask/lock',
  },
  {
    name: 'report',
    setup: (folder) => reportSetup(inputs, folder),
    words: (place) => ['report', place('study'), '--out', place('out/paper.html')],
    again: [],
    begun: 'paper_files/.voxmask/files.jsonl',
  },
  {
    name: 'study',
    setup: studySetup,
    words: (place) => ['study', place('study.yaml'), '--out', place('out')],
    again: ['--unit', 'cohort-one/simulate'],
    begun: 'units/cohort-one.simulate.json',
  },
];

const cases = commands.flatMap((one) =>
  (one.endless || one.name === 'study' ? (['SIGKILL', 'SIGINT'] as const) : (['SIGKILL'] as const)).map(
    (signal) => ({ ...one, signal }),
  ),
);

it.each(cases)(
  '$name, ended by $signal, leaves strangers as they were, and can be run again',
  async (one) => {
    const folder = path.join(inputs.folder, `${one.name.replace(' ', '-')}.${one.signal}`);
    mkdirSync(path.join(folder, 'out'), { recursive: true });
    one.setup?.(folder);
    addStrangers(path.join(folder, 'out'), outside);
    const before = snapshot(folder);
    const beforeOutside = snapshot(outside);
    const unchanged = () =>
      expect([...changes(before, folder), ...changes(beforeOutside, outside)]).toEqual([]);

    const { code, signal } = await stopped(one, folder, one.signal);
    if (one.endless)
      expect({ code, signal }).toEqual(
        one.signal === 'SIGINT' ? { code: 130, signal: null } : { code: null, signal: 'SIGKILL' },
      );
    while (recordsIn(folder).some(isHeld)) await pause(20); // the commands of a study end a moment later
    unchanged();

    const words = one.words((name) => path.join(folder, name));
    expect(await main([...words, ...one.again, '--quiet']), printed.err).toBe(0);
    unchanged();
    expect(recordsIn(folder).filter((file) => file.endsWith('.part') || isHeld(file))).toEqual([]);
  },
);

/** Runs a command as a process of its own in a folder, until something is there that tells that it writes. */
function stopped({ words, endless = [], begun }: Stopped, folder: string, signal: NodeJS.Signals) {
  const program = path.resolve('dist/cli/main.js');
  const whole = [program, ...words((name) => path.join(folder, name)), ...endless, '--quiet'];
  const child = spawn(process.execPath, whole, { stdio: 'ignore' });
  const before = new Set(below(folder));
  return new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.on('close', (code, ended) => resolve({ code, signal: ended }));
    const look = () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      if (below(folder).some((name) => name.endsWith(begun) && !before.has(name))) child.kill(signal);
      else setTimeout(look, 5);
    };
    look();
  });
}

/** Files among voxmask's records, absolute. */
function recordsIn(folder: string): string[] {
  return below(folder)
    .filter((name) => path.basename(path.dirname(name)) === '.voxmask')
    .map((name) => path.join(folder, name));
}

/** Whether a file is the lock of a process that runs. */
function isHeld(file: string): boolean {
  if (path.basename(file) !== 'lock' || !existsSync(file)) return false;
  try {
    return process.kill(JSON.parse(readFileSync(file, 'utf8').split('\n')[0]).pid, 0);
  } catch {
    return false;
  }
}
