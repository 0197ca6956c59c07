import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { main } from '../../cli/run.ts';
import { readTable } from '../../cohort/table.ts';
import { maskCohort, storedRas } from './mask-cohort.ts';
import { collectPrinted, printed } from './printed.ts';

const made = maskCohort();
const place = (...names: string[]) => path.join(made.folder, ...names);
collectPrinted();
afterAll(() => rmSync(made.folder, { recursive: true }));

const evaluate = (out: string, cohort: string, ...more: string[]) =>
  main(['evaluate', cohort, '--out', place(out), '--quiet', ...more]);

it('judges networks by a cohort that they have not seen, each and on average', async () => {
  const others = storedRas(made, 'other');
  // One calls every image AD, the other every image CN; a folder stands for the model in it.
  expect(await evaluate('both', others, '--model', `${path.dirname(made.model)},${made.modelOfCn}`)).toBe(0);
  const rows = readTable(place('both/evaluation.tsv')).rows;
  expect(rows.map((row) => [row.sensitivity, row.specificity, row.balanced_accuracy])).toEqual([
    ['1', '0', '0.5'],
    ['0', '1', '0.5'],
    ['0.5', '0.5', '0.5'],
  ]);
  expect(rows[0]).toMatchObject({
    participants: '12',
    true_positive: '6',
    false_positive: '6',
    true_negative: '0',
  });
  expect(rows[2].model).toBe('mean');
  expect(printed.out).toMatch(/\nmean +n\/a +n\/a +0\.500 +0\.500 +0\.500/);
  const predictions = readTable(place('both/predictions.tsv')).rows;
  expect(predictions).toHaveLength(24);
  expect(new Set(predictions.slice(0, 12).map((row) => row.predicted_label))).toEqual(new Set(['AD']));
  const { results } = JSON.parse(readFileSync(place('both/evaluation.json'), 'utf8'));
  expect(results.models[0].intervals.sensitivity).toEqual([1, 1]);
  expect(await evaluate('both', others, '--model', made.model)).toBe(1);
  expect(printed.err).toMatch(/holds evaluation\.tsv already/);
});

it('judges a network by its own validation set, but by participants it knows only when told so', async () => {
  const table = made.files.cohort;
  expect(await evaluate('seen', table, '--model', made.model)).toBe(1);
  expect(printed.err).toMatch(
    /12 participants are on two sides: .*\(the network's, evaluated\).*--set validation/,
  );
  expect(existsSync(place('seen'))).toBe(false);
  expect(await evaluate('own', table, '--model', made.model, '--set', 'validation', '--json')).toBe(0);
  expect(JSON.parse(printed.out).models[0].evaluation).toMatchObject({ participants: 4, sessions: 4 });
  printed.out = '';
  expect(await evaluate('trained', table, '--model', made.model, '--set', 'train', '--json')).toBe(0);
  expect(JSON.parse(printed.out).models[0].evaluation.participants).toBe(8);
});

it.each<[string, () => string[], number, RegExp]>([
  ['no model', () => ['--model', place('nowhere')], 1, /nowhere: the model cannot be read/],
  ['a folder without one', () => ['--model', place('empty')], 1, /empty: holds no model\.safetensors/],
  [
    'a model without a split',
    () => ['--model', place('lonely/model.safetensors'), '--set', 'validation'],
    1,
    /split\.tsv: does not exist/,
  ],
  [
    'no batch',
    () => ['--model', made.model, '--batch-size', '0'],
    2,
    /--batch-size takes a whole number from 1/,
  ],
])('refuses %s', async (_, words, code, message) => {
  mkdirSync(place('empty'), { recursive: true });
  mkdirSync(place('lonely'), { recursive: true });
  writeFileSync(place('lonely/model.safetensors'), readFileSync(made.model));
  expect(await evaluate('bad', made.files.cohort, ...words())).toBe(code);
  expect(printed.err).toMatch(message);
});
