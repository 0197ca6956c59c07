import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readCohort } from '../../cohort/cohort.ts';
import { simulateCohort } from '../../cohort/simulate/index.ts';
import type { Gpu } from '../../engine/gpu.ts';
import { type GroupRun, groupDefaults, groupMask } from '../../masking/group.ts';
import { MaskTrainer } from '../../masking/mask-trainer.ts';
import { MaskObjective, objectiveDefaults } from '../../masking/objective.ts';
import type { Architecture } from '../../model/architecture.ts';
import { ImageStore } from '../../model/images.ts';
import { Network } from '../../model/network.ts';
import { initialWeights } from '../../model/weights.ts';
import { testGpu } from '../engine/gpu.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-group-'));
afterAll(() => rmSync(folder, { recursive: true }));
const { cohort } = simulateCohort(path.join(folder, 'cohort'), {
  participantsPerClass: 3,
  strength: 0.3,
  resolution: 6,
  seed: 2,
});
const { sessions } = readCohort(cohort, ['CN', 'AD']);
const images = ImageStore.like(sessions[0]);
const architecture: Architecture = {
  inputShape: images.grid.shape,
  channels: [2, 3],
  subBlocks: [1, 1],
  reduction: 'maxpool',
  fcLayers: 1,
  dropout: 0,
  classes: ['CN', 'AD'],
};

let gpu: Gpu;
let objective: MaskObjective;
beforeAll(async () => {
  gpu = await testGpu();
  const network = new Network(gpu, architecture, initialWeights(architecture, 1));
  objective = new MaskObjective(network, gpu.full([1], 1, 'mu'), 1, objectiveDefaults);
});

function run(options: Partial<GroupRun['options']>, more: Partial<GroupRun> = {}) {
  const sides = { fit: sessions.slice(0, 4), select: sessions.slice(4) };
  return groupMask({ objective, images, ...sides, options: { ...groupDefaults, ...options }, ...more });
}

it('keeps the mask of the lowest validation loss, in [0, 1], and gives memory back', async () => {
  const before = gpu.memory().liveBuffers;
  const { mask, best, epochs } = await run({ epochs: 4, patience: 100 });
  const losses = epochs.map((epoch) => epoch.validation.total);
  expect(best.validation.total).toBe(Math.min(...losses));
  expect(mask.length).toBe(images.grid.shape.reduce((a, b) => a * b));
  expect(mask.every((value) => value >= 0 && value <= 1)).toBe(true);
  expect(mask.some((value) => value < 1)).toBe(true);
  expect(epochs.map((epoch) => epoch.steps)).toEqual([4, 8, 12, 16]);
  expect(gpu.memory().liveBuffers).toBe(before);
});

it('lowers the class probability of the images it is fitted on', async () => {
  const { epochs } = await run({ epochs: 6, patience: 100 });
  expect(epochs[5].train.score).toBeLessThan(epochs[0].train.score);
});

it('the same seed gives the same bits, another order of images others', async () => {
  const [once, twice, other] = [
    await run({ epochs: 2 }),
    await run({ epochs: 2 }),
    await run({ epochs: 2, seed: 9 }),
  ];
  expect(twice.mask).toEqual(once.mask);
  expect(other.mask).not.toEqual(once.mask);
});

it('stops by steps, by patience, and by an abort after the step under way', async () => {
  expect((await run({ maxSteps: 6 })).epochs.map((epoch) => epoch.steps)).toEqual([4, 6]);
  expect((await run({ epochs: 50, patience: 2, tolerance: 0.99 })).epochs.length).toBe(3);
  const controller = new AbortController();
  const onStep = (steps: number) => {
    if (steps === 2) controller.abort();
  };
  const { epochs, interrupted } = await run({}, { signal: controller.signal, onStep });
  expect([epochs.map((epoch) => epoch.steps), interrupted]).toEqual([[2], true]);
});

it('refuses an empty group, and a loss that is no number by the name of its image', async () => {
  await expect(run({}, { fit: [] })).rejects.toThrow(/no image to fit/);
  await expect(run({}, { select: [] })).rejects.toThrow(/no image to select/);
  const trainer = new MaskTrainer(objective, images.grid.shape, 0.1);
  const broken = gpu.full([1, 1, ...images.grid.shape], Number.MAX_VALUE, 'broken');
  await expect(trainer.step(broken, 'sub-X ses-Y')).rejects.toThrow(
    /mask step 1: the loss is (NaN|-?Infinity) on sub-X ses-Y/,
  );
  broken.release();
  trainer.release();
});
