import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { main } from '../../cli/run.ts';
import { simulateCohort } from '../../cohort/simulate/index.ts';
import { readTable } from '../../cohort/table.ts';
import { readModel, writeModel } from '../../model/model-file.ts';
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
    p_chance: '1',
    above_chance: 'false',
  });
  expect(printed.err).toMatch(
    /^Balanced accuracy is not shown to be above chance: .* on rasother \(p = 1\.0\), /,
  );
  expect(rows[2].model).toBe('mean');
  expect(printed.out).toMatch(/\nmean +n\/a +n\/a +0\.500 +0\.500 +0\.500/);
  expect(printed.out).toMatch(
    /\nrasother, 2 networks: true +taken for CN +taken for AD\n[ -]+\nCN +6 +6\nAD +6 +6\n/,
  );
  expect(readTable(place('both/confusion.tsv')).rows.map((row) => Object.values(row).slice(1))).toEqual([
    ['rasother', 'CN', '0', '6'],
    ['rasother', 'AD', '0', '6'],
    ['rasother', 'CN', '6', '0'],
    ['rasother', 'AD', '6', '0'],
  ]);
  const predictions = readTable(place('both/predictions.tsv')).rows;
  expect(predictions).toHaveLength(24);
  expect(new Set(predictions.slice(0, 12).map((row) => row.predicted_label))).toEqual(new Set(['AD']));
  const { results } = JSON.parse(readFileSync(place('both/evaluation.json'), 'utf8'));
  expect(results.models[0].intervals.sensitivity).toEqual([1, 1]);
  expect(await evaluate('both', others, '--model', made.model)).toBe(1);
  expect(printed.err).toMatch(/contains evaluation\.tsv already/);
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

it('gives every fold on validation, test set and independent cohort in one table, and records named groups', async () => {
  // Trainings as their folders have them: one network calls every image AD, one every image CN.
  const runs = ['split-0/run-0', 'split-1/run-0'];
  [made.model, made.modelOfCn].forEach((model, i) => {
    const best = place('trained', runs[i], 'best-balanced_accuracy');
    mkdirSync(path.join(best, 'validation'), { recursive: true });
    copyFileSync(model, path.join(best, 'model.safetensors'));
    copyFileSync(made.split, place('trained', runs[i], 'split.tsv'));
    writeFileSync(path.join(best, 'validation/validation_image_level_metrics.tsv'), `BA\n${0.75 + i / 8}\n`);
  });
  const [test, far] = [storedRas(made, 'test'), storedRas(made, 'far')];
  const ask = (...more: string[]) =>
    main(['evaluate', ...more, '--model', place('trained'), '--out', place('tables'), '--quiet']);
  expect(await ask(`adni=${test}`, far)).toBe(0);
  const rows = readTable(place('tables/folds.tsv')).rows;
  expect(rows.map((row) => Object.values(row))).toEqual([
    [place('trained', runs[0]), '0', '0', '0.75', '0.5', '0.5'],
    [place('trained', runs[1]), '1', '0', '0.875', '0.5', '0.5'],
    ['mean', 'n/a', 'n/a', '0.8125', '0.5', '0.5'],
  ]);
  expect(printed.out).toMatch(/\nbalanced accuracy +validation +adni +rasfar\n/);
  expect(printed.out).toMatch(/\nmean +0\.813 +0\.500 +0\.500\n/);
  expect(readTable(place('tables/evaluation.tsv')).rows.map((row) => row.group)).toEqual([
    'adni',
    'rasfar',
    'adni',
    'rasfar',
    'adni',
    'rasfar',
  ]);
  const group = (run: string, kind: string) =>
    readTable(place('trained', run, `best-balanced_accuracy/test-adni/test-adni_image_level_${kind}.tsv`))
      .rows;
  expect(group(runs[0], 'metrics')[0]).toMatchObject({
    BA: '0.5',
    sensitivity: '1',
    NPV: 'n/a',
    accuracy: '0.5',
  });
  expect(new Set(group(runs[1], 'prediction').map((row) => row.predicted_label))).toEqual(new Set(['CN']));
  expect(readTable(place('trained/groups/test-adni/data.tsv')).rows).toHaveLength(12);
  expect(existsSync(place('trained', runs[0], 'best-balanced_accuracy/test-rasfar'))).toBe(false);

  expect(await ask(`adni=${far}`)).toBe(1);
  expect(printed.err).toMatch(/data\.tsv: the group test-adni was recorded with other sessions/);
  printed.err = '';
  expect(await ask(`validation=${far}`)).toBe(2);
  expect(printed.err).toMatch(/the name validation stands for something else already/);
  printed.err = '';
  expect(await main(['predict', '--model', place('trained'), made.cohort.sessions[0].path])).toBe(1);
  expect(printed.err).toMatch(/trained: holds 2 networks: split-0.run-0, split-1.run-0\. Give the folder/);
});

it('refuses a cohort of another image size, naming both, before anything is written', async () => {
  const other = simulateCohort(place('fine'), {
    participantsPerClass: 1,
    strength: 0,
    resolution: 4.5,
    seed: 1,
    site: { prefix: 'X', gamma: 1, smoothing: 0, warp: 1 },
  });
  expect(await evaluate('sized', other.cohort, '--model', made.modelOfCn, '--set', 'all')).toBe(1);
  expect(printed.err).toMatch(
    /gz: has .*41 x 49 x 41.*, but .*cn.model\.safetensors takes 31 x 37 x 31 voxels/,
  );
  expect(existsSync(place('sized'))).toBe(false);
});

it('refuses networks whose classes stand in another order', async () => {
  const { architecture, ...rest } = readModel(made.model);
  const classes = architecture.classes.toReversed();
  writeModel(place('turned.safetensors'), { ...rest, architecture: { ...architecture, classes } });
  const models = `${made.model},${place('turned.safetensors')}`;
  expect(await evaluate('turned', storedRas(made, 'turned'), '--model', models)).toBe(1);
  expect(printed.err).toMatch(/turned\.safetensors: tells AD, CN apart, and the first model CN, AD/);
});

it.each<[string, () => string[], number, RegExp]>([
  ['no model', () => ['--model', place('nowhere')], 1, /nowhere: does not exist/],
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
