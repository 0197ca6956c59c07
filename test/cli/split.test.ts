import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { main } from '../../cli/run.ts';
import { readCohort } from '../../cohort/cohort.ts';
import { simulateCohort } from '../../cohort/simulate/index.ts';
import { stratifiedFold } from '../../cohort/splits/folds.ts';
import { readTable } from '../../cohort/table.ts';
import { readModel } from '../../model/model-file.ts';
import { modelFile } from '../../model/model-folder.ts';
import { collectPrinted, printed } from './printed.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-split-'));
const at = (...names: string[]) => path.join(folder, ...names);
const { cohort } = simulateCohort(at('cohort'), {
  participantsPerClass: 12,
  strength: 0.3,
  resolution: 6,
  seed: 1,
});
const classes = ['CN', 'AD'];
const small = ['--channels', '4,8', '--sub-blocks', '1,1', '--batch-size', '4', '--epochs', '1', '--quiet'];

collectPrinted();
afterAll(() => rmSync(folder, { recursive: true }));

const test = (out: string, ...more: string[]) =>
  main(['split', 'test', cohort, '--out', at(out), '--size', '3', '--p-value', '0.3', ...more]);

it('goes from a cohort to a test set, folds, a network and its predictions, with nobody on two sides', async () => {
  expect(await test('test', '--age-tolerance', '4')).toBe(0);
  expect(printed.out).toMatch(/test set against the rest +[01]\.\d{3} +[01]\.\d{3}\n/);
  expect(printed.out).toMatch(/between the classes of the test set +[01]\.\d{3} +1\.000\n/);
  const tested = readCohort(at('test/test.tsv'), classes).sessions;
  const left = readCohort(at('test/train-validation.tsv'), classes).sessions;
  expect([tested.length, left.length]).toEqual([6, 18]);
  const ids = new Set(tested.map((session) => session.participantId));
  expect(left.some((session) => ids.has(session.participantId))).toBe(false);
  const { results } = JSON.parse(readFileSync(at('test/split.json'), 'utf8'));
  expect(Math.min(results.againstRest.age, results.againstRest.sex)).toBeGreaterThan(0.3);

  printed.out = '';
  const folds = [
    'split',
    'kfold',
    cohort,
    '--test',
    at('test/test.tsv'),
    '--folds',
    '3',
    '--out',
    at('folds'),
  ];
  expect(await main(folds)).toBe(0);
  expect(printed.out).toMatch(/6 test participants were left out/);
  const rows = readTable(at('folds/fold-1.tsv')).rows;
  const sets = (set: string) => rows.filter((row) => row.set === set);
  expect([sets('train').length, sets('validation').length, sets('test').length]).toEqual([12, 6, 6]);
  expect(readTable(at('folds/folds.tsv')).rows).toHaveLength(18);
  // The same for programs that read MONAI's data lists: paths from the file's folder, labels by class.
  const lists = JSON.parse(readFileSync(at('folds/fold-1.json'), 'utf8'));
  expect(Object.keys(lists)).toEqual(['classes', 'training', 'validation', 'test']);
  for (const [key, set] of Object.entries({ training: 'train', validation: 'validation', test: 'test' })) {
    const items = lists[key] as Record<string, string | number>[];
    expect(items.map(({ participant_id, session_id }) => [participant_id, session_id])).toEqual(
      sets(set).map(({ participant_id, session_id }) => [participant_id, session_id]),
    );
    for (const { image, label, diagnosis } of items) {
      expect(existsSync(path.resolve(at('folds'), String(image)))).toBe(true);
      expect(label).toBe(diagnosis === 'AD' ? 1 : 0);
    }
  }
  // The folds of the rest are those that a cohort of the rest alone would get.
  const { validation } = stratifiedFold(readCohort(at('test/train-validation.tsv'), classes), 3, 1, 2);
  expect(sets('validation').map((row) => row.participant_id)).toEqual(validation.map((s) => s.participantId));

  const words = ['--split', at('folds'), '--fold', '1', '--intensity', 'z-score', '--smoothing', '6'];
  expect(await main(['train', cohort, '--out', at('trained'), ...words, ...small])).toBe(0);
  const best = at('trained/split-1/run-0/best-balanced_accuracy');
  const predictions = readTable(`${best}/validation/validation_image_level_prediction.tsv`).rows;
  expect(predictions.map((row) => row.participant_id)).toEqual(validation.map((s) => s.participantId));

  // The network remembers how its images were prepared, and prediction prepares them so.
  const model = at('trained'); // its only network
  expect(readModel(modelFile(model)).intensity).toEqual({ scale: 'z-score', smoothing: 6 });
  printed.out = '';
  const images = validation.map((session) => session.path);
  expect(await main(['predict', '--model', model, ...images, '--json', '--quiet'])).toBe(0);
  const told = JSON.parse(printed.out).images as { probabilities: { AD: number } }[];
  told.forEach(({ probabilities }, i) => {
    expect(probabilities.AD).toBeCloseTo(Number(predictions[i].proba1), 6);
  });
});

it('trains on ClinicaDL lists, and says how many of their sessions are missing', async () => {
  const lists = at('lists/split-0');
  mkdirSync(lists, { recursive: true });
  const table = (names: string[]) =>
    `participant_id\tsession_id\tdiagnosis\n${names.map((id) => `${id}\tses-M00\t${id.slice(4, 6)}\n`).join('')}`;
  writeFileSync(path.join(lists, 'train.tsv'), table(['sub-CN001', 'sub-AD001', 'sub-CN002', 'sub-AD999']));
  writeFileSync(path.join(lists, 'validation_baseline.tsv'), table(['sub-CN003', 'sub-AD003']));
  const loud = small.filter((word) => word !== '--quiet');
  expect(await main(['train', cohort, '--out', at('listed'), '--split', at('lists'), ...loud])).toBe(0);
  expect(printed.err).toMatch(/1 sessions that .*lists lists are not in the cohort/);
  expect(JSON.parse(readFileSync(at('listed/split-0/run-0/train.json'), 'utf8')).results).toMatchObject({
    absent: 1,
    train: { CN: 2, AD: 1 },
  });
});

it.each<[string, string[], number, RegExp]>([
  [
    'a split beside folds',
    ['train', cohort, '--out', 'x', '--split', 'y', '--folds', '5'],
    2,
    /--split .* goes without --folds/,
  ],
  [
    'a split that is not there',
    ['train', cohort, '--out', at('x'), '--split', at('y')],
    1,
    /y: does not exist/,
  ],
  [
    'too large a test set',
    ['split', 'test', cohort, '--out', at('x'), '--size', '12'],
    1,
    /leaves none to train with/,
  ],
  [
    'no size',
    ['split', 'test', cohort, '--out', at('x'), '--size', '0'],
    2,
    /--size takes a whole number from 1/,
  ],
  [
    'one fold',
    ['split', 'kfold', cohort, '--out', at('x'), '--folds', '1'],
    2,
    /--folds takes a whole number from 2/,
  ],
  [
    'too many folds',
    ['split', 'kfold', cohort, '--out', at('x'), '--folds', '13'],
    1,
    /12 AD participants for 13 folds/,
  ],
  [
    'another seed',
    ['split', 'kfold', cohort, '--out', at('x'), '--seed', '-1'],
    2,
    /--seed takes a whole number/,
  ],
  [
    'an unknown method',
    ['split', 'kfold', cohort, '--out', at('x'), '--method', 'best'],
    2,
    /Invalid values/,
  ],
  ['no kind of split', ['split'], 2, /Which split/],
])('refuses %s', async (_, words, code, message) => {
  expect(await main(words)).toBe(code);
  expect(printed.err).toMatch(message);
});

it('replaces a split only when asked', async () => {
  expect(await test('again')).toBe(0);
  const before = readFileSync(at('again/split.tsv'));
  expect(await test('again', '--seed', '9')).toBe(1);
  expect(printed.err).toMatch(/contains split\.tsv already/);
  expect(readFileSync(at('again/split.tsv')).equals(before)).toBe(true);
  expect(await test('again', '--seed', '9', '--overwrite', '--json')).toBe(0);
  expect(readFileSync(at('again/split.tsv')).equals(before)).toBe(false);
});
