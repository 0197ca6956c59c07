import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { main } from '../../cli/run.ts';
import { simulateCohort } from '../../cohort/simulate/index.ts';
import { readTable } from '../../cohort/table.ts';
import { inPlaceOf } from './in-place-of.ts';
import { collectPrinted, printed } from './printed.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-search-'));
const { cohort } = simulateCohort(path.join(folder, 'cohort'), {
  participantsPerClass: 6,
  strength: 0.3,
  resolution: 6,
  seed: 1,
});
const at = (...names: string[]) => path.join(folder, ...names);
const text = (...names: string[]) => readFileSync(at(...names), 'utf8');
const built = path.resolve('dist/cli/main.js');

/** A space's file. */
function space(name: string, content: string): string {
  writeFileSync(at(name), content);
  return at(name);
}

// Networks of one to seven blocks on 31 x 37 x 31 voxels: the seventh would halve one voxel
const tiny = space(
  'tiny.yaml',
  `blocks: { choices: [2, 3, 7] }
first-channels: { choices: [2, 4] }
channel-growth: 1
sub-blocks: 1
learning-rate: { log-uniform: [1e-4, 1e-2] }
batch-size: { choices: [2, 4] }
epochs: 2
`,
);
const plain = ['search', cohort, '--space', tiny, '--samples', '3', '--seed', '1', '--folds', '3'];
const words = (name: string, ...more: string[]) =>
  inPlaceOf([...plain, '--checkpoint-every', '0', '--out', at(name), '--quiet'], more);

collectPrinted();
afterAll(() => rmSync(folder, { recursive: true }));

it('trains samples on one fold, ranks them, lists those rejected, and its best configuration trains again', async () => {
  expect(await main(words('whole'))).toBe(0);
  expect(printed.out).toMatch(/^rank +sample +balanced accuracy +loss/);
  const { rows } = readTable(at('whole/search.tsv'));
  expect(rows.map(({ rank }) => rank)).toEqual(['1', '2', '3']);
  expect(rows.map(({ sample }) => sample).sort()).toEqual(['0', '1', '2']);
  const scores = rows.map((row) => [Number(row.balanced_accuracy), -Number(row.validation_loss)]);
  expect([...scores].sort((a, b) => b[0] - a[0] || b[1] - a[1])).toEqual(scores);
  const rejected = readTable(at('whole/rejected.tsv')).rows;
  expect(rejected.length).toBeGreaterThan(0);
  for (const { reason, channels } of rejected) {
    expect(reason).toBe('block 7 of 7 would halve a volume of one voxel');
    expect(channels.split(',')).toHaveLength(7);
  }
  expect(printed.out).toMatch(/for sample +rejected +because/);
  const sidecar = JSON.parse(text('whole/search.json'));
  expect(sidecar).toMatchObject({
    command: 'search',
    seed: 1,
    options: { samples: 3, space: { epochs: 2 } },
  });
  expect(sidecar.results.rejected).toHaveLength(rejected.length);

  const best = rows[0].path;
  expect(text('whole/best.yaml')).toMatch(
    new RegExp(`^# Sample ${Number(rows[0].sample)} of a random search`),
  );
  const again = [
    'train',
    cohort,
    '--config',
    at('whole/best.yaml'),
    '--folds',
    '3',
    '--out',
    at('again'),
    '--quiet',
  ];
  expect(await main(again)).toBe(0);
  const model = 'best-balanced_accuracy/model.safetensors';
  expect(text('again/split-0/run-0', model)).toBe(text('whole', best, model));

  const trained = text('whole', best, 'train.json');
  printed.out = '';
  expect(await main(words('whole', '--json'))).toBe(0);
  expect(JSON.parse(printed.out).ranked[0].best.validation.balancedAccuracy).toBe(scores[0][0]);
  expect(text('whole', best, 'train.json')).toBe(trained);
});

describe.skipIf(!existsSync(built))('a search that is killed', () => {
  it('goes on when the command is run again, and ends with the same tables', async () => {
    if (!existsSync(at('whole/search.tsv'))) expect(await main(words('whole'))).toBe(0);
    const child = spawn(process.execPath, [built, ...words('killed')]);
    const ended = new Promise((resolve) => child.on('close', resolve));
    while (child.exitCode === null && !existsSync(at('killed/sample-01/checkpoint.safetensors')))
      await pause(2);
    child.kill('SIGKILL');
    await ended;
    expect(existsSync(at('killed/search.json'))).toBe(false);
    const first = text('killed/sample-00/train.json');
    expect(await main(words('killed'))).toBe(0);
    for (const name of ['search.tsv', 'rejected.tsv', 'best.yaml'])
      expect(text('killed', name), name).toBe(text('whole', name));
    expect(text('killed/sample-00/train.json')).toBe(first);
  });
});

it('goes on behind a sample whose loss becomes no number, and does not run it again', async () => {
  const broken = space(
    'broken.yaml',
    'channels: [2, 2]\nsub-blocks: 1\nlearning-rate: { choices: [1e-3, 1e30] }\nepochs: 1\n',
  );
  const failing = [
    'search',
    cohort,
    '--space',
    broken,
    '--samples',
    '4',
    '--folds',
    '3',
    '--batch-size',
    '2',
    '--seed',
    '1',
  ];
  expect(await main([...failing, '--out', at('failing'), '--quiet'])).toBe(0);
  const { rows } = readTable(at('failing/search.tsv'));
  const failed = rows.filter(({ rank }) => rank === 'n/a');
  expect(failed.length).toBeGreaterThan(0);
  expect(failed.length).toBeLessThan(4);
  expect(rows.slice(-failed.length)).toEqual(failed);
  for (const row of failed) {
    expect(row.learning_rate).toBe('1e+30');
    expect(row.failure).toMatch(/^(training step \d+|validation after epoch 1): the loss is (NaN|Infinity)/);
  }
  expect(printed.out).toMatch(/Sample \d failed: (training step|validation)/);
  const before = text('failing', failed[0].path, 'failed.json');
  expect(await main([...failing, '--out', at('failing')])).toBe(0);
  expect(printed.err).toMatch(new RegExp(`sample ${failed[0].sample}: failed, .*\\(before\\)`));
  expect(text('failing', failed[0].path, 'failed.json')).toBe(before);
  printed.err = '';
  expect(
    await main(
      inPlaceOf([...failing, '--out', at('all'), '--quiet'], ['--learning-rate', '1e30', '--samples', '1']),
    ),
  ).toBe(1);
  expect(printed.err).toMatch(/every sample has failed/);
  expect(existsSync(at('all/best.yaml'))).toBe(false);
});

it.each<[string[], number, RegExp]>([
  [['--samples', '0'], 2, /--samples takes a whole number from 1/],
  [['--gpu-memory', '0'], 2, /--gpu-memory takes a number of GiB above 0/],
  [['--fold', '0..1'], 2, /a search is on one fold/],
  [['--dropout', '1'], 2, /--dropout takes a number from 0 to below 1/],
  [
    ['--gpu-memory', '0.001', '--channels', '4,4'],
    1,
    /none of 1000 networks drawn can be trained; the last one: .* 1\.0 MiB may be taken/,
  ],
  [
    ['--channels', '4,4', '--sub-blocks', '1'],
    1,
    /sub-blocks are for 1 blocks, but networks of 2 can be drawn/,
  ],
  [['--classes', 'CN,MCI'], 1, /diagnosis/],
])('refuses %j', async (more, code, fault) => {
  expect(await main(words('refused', ...more))).toBe(code);
  expect(printed.err).toMatch(fault);
  expect(existsSync(at('refused/sample-00'))).toBe(false);
});

it('tells the faults of a space with their lines', async () => {
  const faulty = space(
    'faulty.yaml',
    'blocks: [3, 7]\ndropuot: 0.5\nlearning-rate: { log-uniform: [1e-3, 1e-4] }\n',
  );
  expect(await main(['search', cohort, '--space', faulty, '--out', at('refused')])).toBe(1);
  expect(printed.err).toMatch(
    /line 1, blocks: takes a whole number, or how it is drawn: \{ choices: \[\.\.\.\] \}/,
  );
  expect(printed.err).toMatch(/line 2, dropuot: unknown key; did you mean dropout\?/);
  expect(printed.err).toMatch(/line 3, learning-rate\.log-uniform: takes a low end and a higher one/);
});

describe('train --config', () => {
  const train = (file: string, ...more: string[]) =>
    main(['train', cohort, '--config', file, '--folds', '3', '--epochs', '1', '--quiet', ...more]);

  it('takes the command line before the file, and the file before the defaults', async () => {
    const file = space(
      'mine.yaml',
      'blocks: 2\nfirst-channels: 2\nsub-blocks: 1\nbatch-size: 4\ndropout: 0.25\nepochs: 7\n',
    );
    expect(await train(file, '--out', at('file'), '--batch-size', '6')).toBe(0);
    const { options } = JSON.parse(text('file/split-0/run-0/train.json'));
    expect(options.network).toMatchObject({
      channels: [2, 4],
      subBlocks: [1, 1],
      dropout: 0.25,
      fcLayers: 1,
    });
    expect(options.training).toMatchObject({ epochs: 1, batchSize: 6, learningRate: 1e-4 });
    expect(await train(file, '--out', at('words'), '--channels', '3,2')).toBe(0);
    expect(JSON.parse(text('words/split-0/run-0/train.json')).options.network.channels).toEqual([3, 2]);
  });

  it.each<[string, RegExp]>([
    ['channels: [2, 2]\nblocks: 2\nsub-blocks: 1\n', /line 2, blocks: goes without channels/],
    ['channels: [2, 2]\nsub-blocks: [1, 1, 2]\n', /line 2, sub-blocks: has 3 numbers for 2 blocks/],
    ['chanels: [2, 2]\n', /line 1, chanels: unknown key; did you mean channels\?/],
    ['dropout: { uniform: [0, 1] }\n', /line 1, dropout: invalid input: expected number/],
    ['channels: [2, 2]\n', /--channels has 2 blocks, --sub-blocks 7/],
  ])('refuses %j', async (content, fault) => {
    expect(await train(space('bad.yaml', content), '--out', at('bad'))).not.toBe(0);
    expect(printed.err).toMatch(fault);
    expect(existsSync(at('bad'))).toBe(false);
  });
});
