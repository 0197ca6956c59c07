import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readCohort } from '../../cohort/cohort.ts';
import type { Session } from '../../cohort/session.ts';
import { simulateCohort } from '../../cohort/simulate/index.ts';
import { stratifiedFold } from '../../cohort/splits/folds.ts';
import type { Architecture } from '../../model/architecture.ts';
import type { TrainState } from '../../model/checkpoint.ts';
import { EarlyStopping } from '../../model/early-stopping.ts';
import { TrainingFailed } from '../../model/failure.ts';
import { ImageStore } from '../../model/images.ts';
import { confusionMatrix, groupMetricsOf, metricsOf } from '../../model/metrics.ts';
import { Network } from '../../model/network.ts';
import { type Epoch, type Training, type TrainOptions, train, trainDefaults } from '../../model/train.ts';
import { startAdam, trainStep } from '../../model/train-step.ts';
import { initialWeights } from '../../model/weights.ts';
import { testGpu } from '../engine/gpu.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-training-'));
afterAll(() => rmSync(folder, { recursive: true }));
const { cohort } = simulateCohort(path.join(folder, 'cohort'), {
  participantsPerClass: 4,
  strength: 0.3,
  resolution: 6,
  seed: 3,
});
const sessions = readCohort(cohort, ['CN', 'AD']);
const split = stratifiedFold(sessions, 2, 0, 2);
const images = ImageStore.of(sessions.sessions);
const architecture: Architecture = {
  inputShape: images.grid.shape,
  channels: [3, 5],
  subBlocks: [1, 1],
  reduction: 'maxpool',
  fcLayers: 1,
  dropout: 0.5,
  classes: ['CN', 'AD'],
};

async function run(options: Partial<TrainOptions>, more: Partial<Training> = {}) {
  const network = new Network(await testGpu(), architecture, initialWeights(architecture, 1));
  try {
    const sides = { train: split.train, validation: split.validation };
    return await train({
      network,
      images,
      ...sides,
      options: { ...trainDefaults, batchSize: 2, ...options },
      ...more,
    });
  } finally {
    network.release();
  }
}

it('the same seed gives the same bits, another seed others', async () => {
  const once = await run({ epochs: 2, seed: 5 });
  const twice = await run({ epochs: 2, seed: 5 });
  const other = await run({ epochs: 2, seed: 6 });
  expect(twice.weights).toEqual(once.weights);
  expect(twice.epochs.map((epoch) => epoch.trainLoss)).toEqual(once.epochs.map((epoch) => epoch.trainLoss));
  expect(other.epochs.map((epoch) => epoch.trainLoss)).not.toEqual(
    once.epochs.map((epoch) => epoch.trainLoss),
  );
});

it('a budget for images, however small, changes no bit', async () => {
  const whole = await run({ epochs: 2 });
  const voxels = images.grid.shape.reduce((a, b) => a * b);
  for (const budget of [0, 4 * voxels * 3]) {
    const store = ImageStore.of(sessions.sessions, { budget });
    const { weights, epochs } = await run({ epochs: 2 }, { images: store });
    expect(weights).toEqual(whole.weights);
    expect(epochs.map(({ trainLoss }) => trainLoss)).toEqual(whole.epochs.map(({ trainLoss }) => trainLoss));
    expect(store.keptBytes).toBeLessThanOrEqual(budget);
  }
});

it('keeps the first epoch of the highest balanced accuracy', async () => {
  const { best, epochs } = await run({ epochs: 6, learningRate: 2e-3, patience: 100 });
  const accuracies = epochs.map((epoch) => epoch.validation.balancedAccuracy);
  expect(epochs.length).toBe(6);
  expect(best.epoch).toBe(1 + accuracies.indexOf(Math.max(...accuracies)));
});

it('weights out of bounds stop the run, name the step and its images, and spoil no checkpoint', async () => {
  const saved: TrainState[] = [];
  const failed = run(
    { epochs: 3, learningRate: 1e30 },
    { due: () => true, onCheckpoint: (s) => saved.push(s) },
  );
  await expect(failed).rejects.toThrow(
    /^(training step \d+|validation of epoch \d+): the loss is (NaN|Infinity) on sub-.*grown out of bounds\. Lower the/,
  );
  for (const { weights } of saved)
    for (const [name, { data }] of weights) expect(data.every(Number.isFinite), name).toBe(true);
});

it('an image that makes the loss no number is named, and the best epoch before it is kept', async () => {
  const bad = split.train[3];
  let epoch = 1;
  /** From the second epoch on, one image holds values that no sum can hold. */
  class Spoiled extends ImageStore {
    override async load(session: Session): Promise<Float32Array> {
      const data = await super.load(session);
      return session === bad && epoch > 1 ? data.map(() => 3e38) : data;
    }
  }
  const spoiled = new Spoiled(images.grid);
  const failed = await run(
    { epochs: 3 },
    {
      images: spoiled,
      onEpoch: (entry) => {
        epoch = entry.epoch + 1;
      },
    },
  ).catch((error) => error);
  expect(failed).toBeInstanceOf(TrainingFailed);
  expect(failed.message).toMatch(
    new RegExp(
      `^training step \\d+: the loss is NaN on .*; of these, ${bad.participantId} ses-M000 alone gave no`,
    ),
  );
  expect(failed.result.epochs.map((entry: Epoch) => entry.epoch)).toEqual([1]);
  const whole = await run({ epochs: 1 });
  expect(failed.result.weights).toEqual(whole.weights);
});

it('an abort ends the run: before it without a step, in it after the steps under way', async () => {
  const early = new AbortController();
  early.abort();
  expect(await run({ epochs: 3 }, { signal: early.signal })).toMatchObject({ epochs: [], interrupted: true });
  const late = new AbortController();
  const seen: number[] = [];
  const { epochs, interrupted } = await run(
    { epochs: 3, batchSize: 1 },
    {
      signal: late.signal,
      onStep: ({ step }) => {
        seen.push(step);
        late.abort();
      },
    },
  );
  expect([epochs.length, interrupted]).toEqual([0, true]);
  expect(seen).toEqual(Array.from({ length: Math.min(1 + 8, seen.length) }, (_, i) => i + 1));
});

it('steps under way together give the same bits and losses as steps awaited one by one', async () => {
  const gpu = await testGpu();
  const record = async (together: boolean) => {
    const network = new Network(gpu, architecture, initialWeights(architecture, 1));
    const training = { network, images, ...split, options: trainDefaults };
    const adam = startAdam(network, trainDefaults);
    const losses = [];
    for (let step = 0; step < 5; step++) {
      const batch = [0, 1].map((i) => split.train[(step + i) % split.train.length]);
      const loss = trainStep(training, adam, batch, await images.batch(gpu, batch), step);
      losses.push(together ? loss : await loss);
    }
    const result = { losses: await Promise.all(losses), weights: await network.download() };
    adam.release();
    network.release();
    return result;
  };
  expect(await record(true)).toEqual(await record(false));
});

it('stops once the loss has been above its lowest for so many epochs in a row', () => {
  const stopping = new EarlyStopping(2);
  expect([3, 2, 2.5, 1.9, 2, 1.9, 2, 2].map((loss) => stopping.done(loss))).toEqual([
    false,
    false,
    false,
    false,
    false,
    false,
    false,
    true,
  ]);
});

it('metrics: balanced accuracy is the mean of sensitivity and specificity, of equal scores the first class wins', () => {
  const logits = [
    [2, 1],
    [1, 2],
    [1, 1],
    [0, 3],
    [3, 0],
  ];
  const metrics = metricsOf(logits, [0, 0, 0, 1, 1], 2);
  expect(metrics.specificity).toBeCloseTo(2 / 3, 12);
  expect(metrics.sensitivity).toBe(0.5);
  expect(metrics.balancedAccuracy).toBeCloseTo((2 / 3 + 0.5) / 2, 12);
  const loss = (a: number, b: number) => Math.log(1 + Math.exp(b - a));
  expect(metrics.loss).toBeCloseTo((loss(2, 1) + loss(1, 2) + Math.log(2) + loss(3, 0) + loss(0, 3)) / 5, 12);
  expect(metricsOf([[1, 0]], [0], 2).sensitivity).toBeNaN();
});

it('confusion matrix and predictive values count what is said of whom', () => {
  const labels = [0, 0, 0, 1, 1, 1, 1];
  const said = [0, 1, 1, 1, 1, 1, 0];
  const logits = said.map((c) => [1 - c, c]);
  expect(confusionMatrix(logits, labels, 2)).toEqual([
    [1, 2],
    [1, 3],
  ]);
  const metrics = groupMetricsOf(logits, labels, 2);
  expect(metrics.accuracy).toBeCloseTo(4 / 7, 12);
  expect(metrics.ppv).toBeCloseTo(3 / 5, 12);
  expect(metrics.npv).toBeCloseTo(1 / 2, 12);
  expect(metrics.f1).toBeCloseTo((2 * (3 / 5) * (3 / 4)) / (3 / 5 + 3 / 4), 12);
  expect(groupMetricsOf([[1, 0]], [0], 2).ppv).toBeNaN();
});
