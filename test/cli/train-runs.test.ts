import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { main } from '../../cli/run.ts';
import { readCohort } from '../../cohort/cohort.ts';
import { simulateCohort } from '../../cohort/simulate/index.ts';
import { stratifiedFold } from '../../cohort/splits/folds.ts';
import { shuffleLabels } from '../../cohort/splits/shuffle-labels.ts';
import { readTable } from '../../cohort/table.ts';
import { readModel } from '../../model/model-file.ts';
import { inPlaceOf } from './in-place-of.ts';
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
  return main(inPlaceOf(['train', cohort, '--out', at(name), ...small, '--quiet'], more));
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
  // two participants per class show nothing
  for (const row of rows) {
    expect(row.state).toMatch(/^not above chance/);
    expect(Number(row.p_chance)).toBeGreaterThan(0.16);
  }
  expect(printed.err).toMatch(/^fold 0, run 1: The network is not shown to be above chance/m);
  const file = (fold: number, run: number, name: string) =>
    bytes('many', `split-${fold}`, `run-${run}`, name);
  expect(file(0, 0, 'split.tsv')).toBe(file(0, 1, 'split.tsv'));
  expect(file(0, 0, 'split.tsv')).not.toBe(file(1, 0, 'split.tsv'));
  const model = 'best-balanced_accuracy/model.safetensors';
  expect(file(0, 0, model)).not.toBe(file(0, 1, model));
  expect(await train('single', '--fold', '1', '--seed', '4')).toBe(0);
  expect(bytes('single/split-1/run-0', model)).toBe(file(1, 1, model));

  const before = readFileSync(at('many/split-1/run-1/train.json'), 'utf8');
  printed.err = '';
  expect(await train('many', '--fold', '0,1,2', '--runs', '2', '--seed', '3', '--json')).toBe(0);
  expect(printed.err.match(/it was not run again/g)).toHaveLength(4);
  expect(readFileSync(at('many/split-1/run-1/train.json'), 'utf8')).toBe(before);
  expect(existsSync(at('many/split-2/run-1', model))).toBe(true);
  expect(readTable(at('many/runs.tsv')).rows).toHaveLength(6);

  const maps = JSON.parse(readFileSync(at('many/maps.json'), 'utf8'));
  expect(maps).toMatchObject({ n_splits: 3, label_code: { CN: 0, AD: 1 }, training: { seed: 3 } });
  expect(JSON.parse(readFileSync(at('many/environment.json'), 'utf8')).versions.node).toBe(
    process.versions.node,
  );
  const members = (set: string) => readTable(at(`many/groups/${set}/split-2/data.tsv`)).rows;
  expect([members('train').length, members('validation').length]).toEqual([8, 4]);
});

it('the table has the folds that another process trained; the folder takes no other kind', async () => {
  expect(await train('shared', '--fold', '1', '--epochs', '1')).toBe(0);
  expect(await train('shared', '--fold', '0', '--epochs', '1')).toBe(0);
  expect(readTable(at('shared/runs.tsv')).rows.map((row) => row.path)).toEqual([
    'split-0/run-0',
    'split-1/run-0',
  ]);
  printed.err = '';
  expect(await train('shared', '--fold', '2', '--epochs', '1', '--folds', '4')).toBe(1);
  expect(printed.err).toMatch(/shared: holds trainings with another n_splits\. Choose another folder/);
  printed.err = '';
  expect(await train('shared', '--fold', '0', '--dropout', '0', '--overwrite', '--epochs', '1')).toBe(1);
  expect(printed.err).toMatch(/another network\.dropout that are not to be replaced, as .*split-1.run-0/);
  expect(existsSync(at('shared/split-2'))).toBe(false);
});

it('shuffled labels are a control: who trains stays, the labels change, and the network says so', async () => {
  expect(await train('control', '--shuffle-labels', '--seed', '2', '--epochs', '1')).toBe(0);
  const run = at('control/split-0/run-0');
  expect(readModel(`${run}/best-balanced_accuracy/model.safetensors`).shuffledLabels).toBe(2);
  expect(JSON.parse(readFileSync(`${run}/train.json`, 'utf8')).options.shuffleLabels).toBe(true);
  expect(bytes('control/split-0/run-0/split.tsv')).toBe(bytes('many/split-0/run-0/split.tsv'));
  const labels = (kind: string) =>
    ['train', 'validation'].flatMap((set) =>
      readTable(`${run}/best-balanced_accuracy/${set}/${set}_image_level_${kind}.tsv`).rows.map((row) => [
        row.participant_id,
        row.true_label,
      ]),
    );
  const drawn = shuffleLabels(stratifiedFold(readCohort(cohort, ['CN', 'AD']), 3, 0, 2), 2);
  expect(labels('prediction')).toEqual(
    [...drawn.train, ...drawn.validation].map((session) => [session.participantId, session.diagnosis]),
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
