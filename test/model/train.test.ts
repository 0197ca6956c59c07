import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readCohort } from '../../cohort/cohort.ts';
import { simulateCohort } from '../../cohort/simulate/index.ts';
import { stratifiedFold } from '../../cohort/splits/folds.ts';
import type { Architecture } from '../../model/architecture.ts';
import { EarlyStopping } from '../../model/early-stopping.ts';
import { ImageStore } from '../../model/images.ts';
import { metricsOf } from '../../model/metrics.ts';
import { Network } from '../../model/network.ts';
import { type Training, type TrainOptions, train, trainDefaults } from '../../model/train.ts';
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

async function run(options: Partial<TrainOptions>, signal?: AbortSignal, onStep?: Training['onStep']) {
  const network = new Network(await testGpu(), architecture, initialWeights(architecture, 1));
  try {
    const sides = { train: split.train, validation: split.validation };
    return await train({
      network,
      images,
      ...sides,
      options: { ...trainDefaults, batchSize: 2, ...options },
      ...(signal && { signal }),
      ...(onStep && { onStep }),
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

it('keeps the first epoch of the highest balanced accuracy', async () => {
  const { best, epochs } = await run({ epochs: 6, learningRate: 2e-3, patience: 100 });
  const accuracies = epochs.map((epoch) => epoch.validation.balancedAccuracy);
  expect(epochs.length).toBe(6);
  expect(best.epoch).toBe(1 + accuracies.indexOf(Math.max(...accuracies)));
});

it('a loss that is no number stops the run and names the step and its images', async () => {
  await expect(run({ epochs: 3, learningRate: 1e30 })).rejects.toThrow(
    /(training step \d+: the loss is (NaN|Infinity) on sub-.*|validation after epoch \d+: the loss is (NaN|Infinity))\. Lower the learning rate/,
  );
});

it('an abort ends the run: before it without a step, in it after the steps under way', async () => {
  const early = new AbortController();
  early.abort();
  expect(await run({ epochs: 3 }, early.signal)).toMatchObject({ epochs: [], interrupted: true });
  const late = new AbortController();
  const seen: number[] = [];
  const { epochs, interrupted } = await run({ epochs: 3, batchSize: 1 }, late.signal, ({ step }) => {
    seen.push(step);
    late.abort();
  });
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
