import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { trainNetwork } from '../../cli/jobs/train.ts';
import { main } from '../../cli/run.ts';
import { readCohort } from '../../cohort/cohort.ts';
import { plainIntensity } from '../../cohort/intensity.ts';
import { readVolume, writeVolume } from '../../cohort/nifti.ts';
import { simulateCohort } from '../../cohort/simulate/index.ts';
import { stratifiedFold } from '../../cohort/splits/folds.ts';
import { readTable } from '../../cohort/table.ts';
import { openGpu } from '../../engine/node/open.ts';
import { chanceTest } from '../../model/chance.ts';
import { readModel } from '../../model/model-file.ts';
import { trainDefaults } from '../../model/train.ts';
import { inPlaceOf } from './in-place-of.ts';
import { collectPrinted, printed } from './printed.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-train-'));
const { cohort } = simulateCohort(path.join(folder, 'cohort'), {
  participantsPerClass: 6,
  strength: 0.3,
  resolution: 6,
  seed: 1,
});
const built = path.resolve('dist/cli/main.js');
const small = ['--channels', '4,8', '--sub-blocks', '1,2', '--folds', '3', '--batch-size', '3'];
const best = 'best-balanced_accuracy';
const stopped = [
  `${best}/model.safetensors`,
  `${best}/validation/validation_image_level_metrics.tsv`,
  `${best}/validation/validation_image_level_prediction.tsv`,
  'split.tsv',
  'train.json',
  'training_logs/curves.png',
  'training_logs/tensorboard/events.out.tfevents.0.voxmask',
  'training_logs/training.jsonl',
  'training_logs/training.tsv',
];
const every = [
  ...stopped,
  `${best}/train/train_image_level_metrics.tsv`,
  `${best}/train/train_image_level_prediction.tsv`,
].sort();

collectPrinted();
afterAll(() => rmSync(folder, { recursive: true }));

function place(...names: string[]): string {
  return path.join(folder, ...names);
}

function train(name: string, ...more: string[]): Promise<number> {
  return main(inPlaceOf(['train', cohort, '--out', place(name), ...small, '--quiet'], more));
}

/** Where the only training of a folder lies. */
function runOf(name: string, fold = 0): string {
  return path.join(name, `split-${fold}`, 'run-0');
}

function bytes(name: string, file: string): string {
  return readFileSync(place(runOf(name), file)).toString('base64');
}

/** All files below a folder, by their paths in it. */
function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.parentPath.endsWith('.voxmask'));
  return files.map(({ parentPath, name }) => path.relative(folder, path.join(parentPath, name))).sort();
}

it('writes a network, its split, its history and its predictions, which agree with each other', async () => {
  const words = ['--epochs', '3', '--fold', '1', '--learning-rate', '1e-3', '--seed', '4', '--json'];
  expect(await train('whole', ...words)).toBe(0);
  // two participants per class show nothing, however well they are told apart
  expect(printed.err).toMatch(
    /^The network is not shown to be above chance: validation balanced accuracy [01]\.\d{3}, p = [\d.]+\. Its masks/,
  );
  expect(filesIn(place(runOf('whole', 1)))).toEqual(every);
  const result = JSON.parse(printed.out);
  expect(result).toMatchObject({ train: { CN: 4, AD: 4 }, validation: { CN: 2, AD: 2 }, epochs: 3 });

  const { architecture, grid } = readModel(result.paths.model);
  const first = readCohort(cohort, ['CN', 'AD']).sessions[0];
  expect(grid).toEqual(readVolume(first.path).grid);
  expect(architecture).toMatchObject({ inputShape: [31, 37, 31], channels: [4, 8], subBlocks: [1, 2] });

  const split = stratifiedFold(readCohort(cohort, ['CN', 'AD']), 3, 1, 2);
  const rows = readTable(result.paths.split).rows;
  for (const set of ['train', 'validation'] as const) {
    const written = rows.filter((row) => row.set === set);
    expect(written.map((row) => [row.participant_id, row.session_id, row.diagnosis])).toEqual(
      split[set].map((session) => [session.participantId, session.sessionId, session.diagnosis]),
    );
  }

  const history = readTable(result.paths.history).rows;
  expect(history.map((row) => row.epoch)).toEqual(['1', '2', '3']);
  const accuracies = history.map((row) => Number(row.balanced_accuracy));
  const kept = history[accuracies.indexOf(Math.max(...accuracies))];
  expect(result.best.epoch).toBe(Number(kept.epoch));

  const predictions = readTable(result.paths.validation.prediction).rows;
  expect(Object.keys(predictions[0]).join(' ')).toBe(
    'participant_id session_id image_id true_label predicted_label proba0 proba1',
  );
  expect(predictions.map((row) => row.participant_id)).toEqual(
    split.validation.map((session) => session.participantId),
  );
  const recall = (label: string) => {
    const members = predictions.filter((row) => row.true_label === label);
    return members.filter((row) => row.predicted_label === label).length / members.length;
  };
  expect([recall('AD'), recall('CN')]).toEqual([Number(kept.sensitivity), Number(kept.specificity)]);
  const surprises = predictions.map(
    (row) => -Math.log(Number(row[row.true_label === 'CN' ? 'proba0' : 'proba1'])),
  );
  const loss = surprises.reduce((sum, surprise) => sum + surprise, 0) / surprises.length;
  expect(loss).toBeCloseTo(Number(kept.validation_loss), 5);
  const [metrics] = readTable(result.paths.validation.metrics).rows;
  expect([metrics.BA, metrics.sensitivity, metrics.specificity]).toEqual([
    kept.balanced_accuracy,
    kept.sensitivity,
    kept.specificity,
  ]);
  expect(readTable(result.paths.train.prediction).rows).toHaveLength(8);
  for (const row of predictions) {
    expect(Number(row.proba0) + Number(row.proba1)).toBeCloseTo(1, 9);
    expect(row.predicted_label).toBe(Number(row.proba1) > Number(row.proba0) ? 'AD' : 'CN');
  }

  expect(readFileSync(result.paths.curves).subarray(1, 4).toString()).toBe('PNG');
  const sidecar = JSON.parse(readFileSync(result.paths.sidecar, 'utf8'));
  expect(sidecar.options.training).toEqual({
    ...trainDefaults,
    epochs: 3,
    batchSize: 3,
    learningRate: 1e-3,
    seed: 4,
  });
  expect(sidecar.options).toMatchObject({ folds: 3, fold: 1, splitSeed: 2, network: architecture });
  expect(sidecar.results).toMatchObject({ best: result.best, interrupted: false, notNumbers: {} });
  const chance = chanceTest(
    predictions.map((row) => ({
      participantId: row.participant_id,
      label: Number(row.true_label === 'AD'),
      predicted: Number(row.predicted_label === 'AD'),
    })),
  );
  expect(result.state).toMatchObject({ stopped: 'limit', chance });
  const losses = history.map((row) => Number(row.validation_loss));
  expect(result.state.stillFalling).toBe(losses[2] < Math.min(losses[0], losses[1]));
  expect(sidecar.results.state).toEqual(result.state);
  expect(sidecar.adapter.name).toBeTruthy();
  expect(sidecar.peakBytes).toBeGreaterThan(4 * 31 * 37 * 31);
});

it('gives the same bytes for the same seed, and another network for another', async () => {
  for (const name of ['one', 'two']) expect(await train(name, '--epochs', '2', '--seed', '7')).toBe(0);
  for (const file of every.filter((name) => /safetensors$|_level_|split/.test(name)))
    expect(bytes('one', file) === bytes('two', file), file).toBe(true);
  expect(await train('three', '--epochs', '2', '--seed', '8')).toBe(0);
  expect(bytes('one', every[0]) === bytes('three', every[0])).toBe(false);
  expect(bytes('one', 'split.tsv') === bytes('three', 'split.tsv')).toBe(true);
});

it('keeps volumes in half precision when asked: nearly the same losses, other weights; its record says so', async () => {
  const words = ['--epochs', '1', '--seed', '7'];
  expect(await train('plain', ...words)).toBe(0);
  expect(await train('half', ...words, '--activations', 'float16')).toBe(0);
  const [loss, rounded] = ['plain', 'half'].map((name) =>
    Number(readTable(place(runOf(name), 'training_logs/training.tsv')).rows[0].train_loss),
  );
  expect(Math.abs(rounded - loss)).toBeLessThan(0.01);
  expect(bytes('half', every[0]) === bytes('plain', every[0])).toBe(false);
  const { options } = JSON.parse(readFileSync(place(runOf('half'), 'train.json'), 'utf8'));
  expect(options.training.activations).toBe('float16');
});

it('tells how it goes, sums up, and replaces a training only when asked', async () => {
  const words = ['train', cohort, '--out', place('again'), ...small, '--epochs', '1'];
  expect(await main(words)).toBe(0);
  expect(printed.err).toContain('8 sessions train, 4 validate (fold 0 of 3, counted from 0)');
  expect(printed.err).toMatch(
    /^epoch 1: training loss \d\.\d+, validation loss \d\.\d+, balanced accuracy [01]\.\d+/m,
  );
  expect(printed.err).toMatch(/^Training: 100 %, 3\/3/m);
  expect(printed.out).toMatch(/^validated on +2 CN, 2 AD$/m);
  expect(printed.out).toMatch(/^kept +epoch 1 of 1$/m);
  for (const file of stopped) expect(printed.out).toContain(place(runOf('again'), file));

  const before = bytes('again', every[0]);
  printed.err = '';
  expect(await main([...words, '--seed', '5'])).toBe(1);
  expect(printed.err).toMatch(
    /^voxmask: .*again: holds trainings with another training\.seed\..*--overwrite.*\n$/,
  );
  expect(bytes('again', every[0]) === before).toBe(true);
  expect(await main([...words, '--seed', '5', '--overwrite'])).toBe(0);
  expect(bytes('again', every[0]) === before).toBe(false);
});

it('counts voxels that are no number, image by image', async () => {
  const rows = readTable(cohort).rows;
  const source = path.join(path.dirname(cohort), rows[0].path);
  const { data, ...like } = readVolume(source);
  data.fill(Number.NaN, 100, 103);
  writeVolume(place('holes.nii.gz'), data, like, { datatype: 'float32', slope: 1 });
  const table = changed('holes.tsv', (cells, i) =>
    i === 1 ? [...cells.slice(0, -1), place('holes.nii.gz')] : cells,
  );
  const words = ['--out', place('holes'), ...small, '--epochs', '1'];
  expect(await main(['train', table, ...words])).toBe(0);
  expect(printed.err).toContain('NaN voxels, read as 0');
  const { results } = JSON.parse(readFileSync(place(runOf('holes'), 'train.json'), 'utf8'));
  expect(results.notNumbers).toEqual({ [place('holes.nii.gz')]: 3 });
});

/** The cohort's table with its lines (0 is the header) changed or, where null, left printed.out; paths made absolute. */
function changed(name: string, change: (cells: string[], line: number) => string[] | null): string {
  const lines = readFileSync(cohort, 'utf8').trimEnd().split('\n');
  const absolute = lines.map((line, i) => {
    const cells = line.split('\t');
    const last = cells.length - 1;
    return i === 0 ? cells : [...cells.slice(0, last), path.resolve(path.dirname(cohort), cells[last])];
  });
  const kept = absolute.map(change).filter((cells) => cells !== null);
  writeFileSync(place(name), kept.map((cells) => `${cells.join('\t')}\n`).join(''));
  return place(name);
}

describe('refuses a cohort', () => {
  const with2 = (column: number, value: string) => (cells: string[], line: number) =>
    line === 2 ? cells.with(column, value) : cells;
  it.each<[string, (cells: string[], line: number) => string[] | null, RegExp]>([
    ['whose image is missing', with2(5, 'nowhere.nii.gz'), /line 3: image nowhere\.nii\.gz does not exist/],
    ['with an unknown label', with2(2, 'MCI'), /line 3: diagnosis "MCI" is not one of CN, AD/],
    ['with a repeated session', with2(0, 'sub-CN001'), /line 3: repeats sub-CN001 ses-M000 of line 2/],
    ['of one class', (cells) => (cells[2] === 'AD' ? null : cells), /holds the diagnosis CN only/],
    [
      'with fewer participants than folds',
      (cells, line) => (cells[2] === 'AD' && line % 2 ? null : line === 12 ? null : cells),
      /has 2 AD participants for 3 folds/,
    ],
  ])('%s', async (_, change, fault) => {
    expect(await main(['train', changed('bad.tsv', change), '--out', place('refused'), ...small])).toBe(1);
    expect(printed.err).toMatch(fault);
    expect(printed.err).not.toContain('    at ');
    expect(printed.out).toBe('');
    expect(existsSync(place('refused'))).toBe(false);
  });
});

it.each<[string[], RegExp]>([
  [['--epochs', '0'], /--epochs takes a whole number from 1/],
  [['--batch-size', '2.5'], /--batch-size takes a whole number from 1/],
  [['--folds', '1'], /--folds takes a whole number from 2/],
  [['--fold', '3'], /--fold takes a whole number from 0 to 2/],
  [['--split-seed', '4294967296'], /--split-seed takes a whole number from 0 to 4294967295/],
  [['--learning-rate', '0'], /--learning-rate takes a number above 0/],
  [['--weight-decay', '-1'], /--weight-decay takes a number from 0/],
  [['--dropout', '1'], /--dropout takes a number from 0 to below 1/],
  [['--seed', 'x'], /--seed takes a number/],
  [['--channels', '8,x'], /--channels takes whole numbers from 1, with commas between/],
  [['--channels', '8'], /--channels has 1 blocks, --sub-blocks 2: give both one number per block/],
  [['--sub-blocks', '1,4'], /--sub-blocks takes whole numbers from 1 to 3/],
  [['--classes', 'AD'], /--classes takes at least two different names/],
  [['--reduction', 'mean'], /Invalid values:.*reduction/],
])('refuses %j', async (words, fault) => {
  expect(await train('refused', ...words)).toBe(2);
  const [line, hint] = printed.err.split('\n');
  expect(line).toMatch(fault);
  expect(hint).toBe('See: voxmask train --help');
  expect(printed.out).toBe('');
  expect(existsSync(place('refused'))).toBe(false);
});

describe('an interruption', () => {
  /** The job itself, aborted after a number of steps; an epoch has three. */
  async function abortedAfter(name: string, steps: number) {
    const controller = new AbortController();
    const opened = await openGpu();
    let done = 0;
    const architecture = { channels: [4, 8], subBlocks: [1, 1], reduction: 'maxpool', fcLayers: 1 } as const;
    const result = await trainNetwork(
      {
        cohort,
        out: path.relative('.', place(name)), // as most people give it
        overwrite: false,
        split: null,
        intensity: plainIntensity,
        checkpointSeconds: 60,
        folds: 3,
        fold: 0,
        splitSeed: 2,
        network: { ...architecture, dropout: 0.5, classes: ['CN', 'AD'] },
        training: { ...trainDefaults, epochs: 9, batchSize: 3 },
      },
      {
        open: async () => opened,
        signal: controller.signal,
        onStep: () => {
          done++;
          if (done === steps) controller.abort();
        },
      },
    );
    opened.gpu.close();
    // the steps under way when it was asked to stop are finished, no other is begun
    expect(done).toBeGreaterThanOrEqual(steps);
    expect(done).toBeLessThanOrEqual(steps + 3);
    return result;
  }

  it('in the first epoch leaves a checkpoint and nothing else', async () => {
    const result = await abortedAfter('early', 2);
    expect(result).toMatchObject({ interrupted: true, epochs: 0, best: null, paths: null });
    expect(filesIn(place('early'))).toEqual(['checkpoint.safetensors']);
  });

  it('later leaves the best epoch so far', async () => {
    const result = await abortedAfter('late', 8);
    expect(result).toMatchObject({ interrupted: true, epochs: 2 });
    expect(filesIn(place('late'))).toEqual([...stopped, 'checkpoint.safetensors'].sort());
    expect(readTable(place('late', 'training_logs/training.tsv')).rows).toHaveLength(2);
  });

  it.skipIf(!existsSync(built))('of the program saves, says so, and ends with 130', async () => {
    const endless = ['--epochs', '100000', '--patience', '100000'];
    const words = ['train', cohort, '--out', place('stopped'), ...small, ...endless];
    const child = spawn(process.execPath, [built, ...words]);
    let said = '';
    let results = '';
    child.stdout.on('data', (text) => {
      results += text;
    });
    child.stderr.on('data', (text) => {
      const before = said;
      said += text;
      if (/^epoch 2:/m.test(said) && !/^epoch 2:/m.test(before)) child.kill('SIGINT');
    });
    const code = await new Promise((resolve) => {
      child.on('close', resolve);
    });
    expect(code, said).toBe(130);
    expect(said).toMatch(/finishing the steps under way and saving/);
    expect(said).toMatch(
      /Stopped early and saved in .*; the same command goes on from there\. Its best epoch so far/,
    );
    expect(said).toMatch(/voxmask: interrupted\n$/);
    expect(results).toMatch(/^kept +epoch \d+ of \d+$/m);
    const run = place(runOf('stopped'));
    expect(filesIn(run)).toEqual([...stopped, 'checkpoint.safetensors'].sort());
    expect(readModel(path.join(run, every[0])).grid?.shape).toEqual([31, 37, 31]);
    expect(readTable(path.join(run, 'training_logs/training.tsv')).rows.length).toBeGreaterThanOrEqual(2);
    expect(readTable(path.join(run, stopped[2])).rows).toHaveLength(4);
    expect(JSON.parse(readFileSync(path.join(run, 'train.json'), 'utf8')).results.interrupted).toBe(true);
  });
});
