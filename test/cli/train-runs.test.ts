import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { main } from '../../cli/run.ts';
import { simulateCohort } from '../../cohort/simulate/index.ts';
import { readTable } from '../../cohort/table.ts';
import { collectPrinted, printed } from './printed.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-runs-'));
const { cohort } = simulateCohort(path.join(folder, 'cohort'), {
  participantsPerClass: 6,
  strength: 0.3,
  resolution: 6,
  seed: 1,
});
const at = (...names: string[]) => path.join(folder, ...names);
const bytes = (...names: string[]) => readFileSync(at(...names)).toString('base64');

collectPrinted();
afterAll(() => rmSync(folder, { recursive: true }));

const train = (name: string, ...more: string[]) => {
  const small = [
    '--channels',
    '4,8',
    '--sub-blocks',
    '1,1',
    '--folds',
    '3',
    '--batch-size',
    '4',
    '--epochs',
    '2',
  ];
  return main(['train', cohort, '--out', at(name), ...small, '--quiet', ...more]);
};

it('trains folds and runs: one split per fold, another start per run, the same bits as one by one', async () => {
  expect(await train('many', '--fold', '0..1', '--runs', '2', '--seed', '3')).toBe(0);
  expect(printed.out).toMatch(/^fold +run +kept epoch +balanced accuracy/);
  expect(printed.out).toMatch(/\n +n\/a +n\/a +mean +[01]\.\d{3}/);
  const rows = readTable(at('many/runs.tsv')).rows;
  expect(rows.map((row) => [row.fold, row.run, row.seed, row.path])).toEqual([
    ['0', '0', '3', 'split-0/run-0'],
    ['0', '1', '4', 'split-0/run-1'],
    ['1', '0', '3', 'split-1/run-0'],
    ['1', '1', '4', 'split-1/run-1'],
  ]);
  const file = (fold: number, run: number, name: string) =>
    bytes('many', `split-${fold}`, `run-${run}`, name);
  expect(file(0, 0, 'split.tsv')).toBe(file(0, 1, 'split.tsv'));
  expect(file(0, 0, 'split.tsv')).not.toBe(file(1, 0, 'split.tsv'));
  expect(file(0, 0, 'model.safetensors')).not.toBe(file(0, 1, 'model.safetensors'));
  expect(await train('single', '--fold', '1', '--seed', '4')).toBe(0);
  expect(bytes('single', 'model.safetensors')).toBe(file(1, 1, 'model.safetensors'));

  const before = readFileSync(at('many/split-1/run-1/train.json'), 'utf8');
  printed.err = '';
  expect(await train('many', '--fold', '0,1,2', '--runs', '2', '--seed', '3', '--json')).toBe(0);
  expect(printed.err.match(/it was not run again/g)).toHaveLength(4);
  expect(readFileSync(at('many/split-1/run-1/train.json'), 'utf8')).toBe(before);
  expect(existsSync(at('many/split-2/run-1/model.safetensors'))).toBe(true);
  expect(readTable(at('many/runs.tsv')).rows).toHaveLength(6);

  const models = [0, 1, 2].map((fold) => at(`many/split-${fold}/run-0`)).join(',');
  printed.out = '';
  const words = [
    'evaluate',
    cohort,
    '--model',
    models,
    '--set',
    'validation',
    '--out',
    at('judged'),
    '--quiet',
  ];
  expect(await main(words)).toBe(0);
  const judged = readTable(at('judged/evaluation.tsv')).rows;
  expect(judged.map((row) => row.balanced_accuracy).slice(0, 3)).toEqual(
    readTable(at('many/runs.tsv'))
      .rows.filter((row) => row.run === '0')
      .map((row) => row.balanced_accuracy),
  );
});

it.each<[string[], RegExp]>([
  [['--fold', '1..3'], /--fold takes a whole number from 0 to 2, or several, as 0\.\.4 or 0,2/],
  [['--fold', '2..1'], /--fold takes a whole number/],
  [['--fold', 'first'], /--fold takes a whole number/],
  [['--runs', '0'], /--runs takes a whole number from 1/],
])('refuses %j', async (words, message) => {
  expect(await train('refused', ...words)).toBe(2);
  expect(printed.err).toMatch(message);
});
