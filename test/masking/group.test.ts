import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readCohort } from '../../cohort/cohort.ts';
import { simulateCohort } from '../../cohort/simulate/index.ts';
import type { Gpu } from '../../engine/gpu.ts';
import { type GroupRun, groupDefaults, groupMask } from '../../masking/group.ts';
import { readGroupState, writeGroupState } from '../../masking/group-state.ts';
import { lossOutliers } from '../../masking/image-losses.ts';
import { MaskTrainer } from '../../masking/mask-trainer.ts';
import { MaskObjective, objectiveDefaults } from '../../masking/objective.ts';
import type { Architecture } from '../../model/architecture.ts';
import { ImageStore } from '../../model/images.ts';
import { Network } from '../../model/network.ts';
import { formatSafetensors } from '../../model/safetensors.ts';
import { initialWeights } from '../../model/weights.ts';
import { boundTo, testGpu } from '../engine/gpu.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-group-'));
afterAll(() => rmSync(folder, { recursive: true }));
const { cohort } = simulateCohort(path.join(folder, 'cohort'), {
  participantsPerClass: 3,
  strength: 0.3,
  resolution: 6,
  seed: 2,
});
const { sessions } = readCohort(cohort, ['CN', 'AD']);
const images = ImageStore.of(sessions);
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
  await run({ maxSteps: 1 }); // the network keeps what it makes at its first use
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

it('refuses more images in a step than the device binds, and says how many it does', async () => {
  const voxels = images.grid.shape.reduce((a, b) => a * b);
  const narrow = await boundTo(4 * 2.5 * voxels);
  const network = new Network(narrow, architecture, initialWeights(architecture, 1));
  const mu = narrow.full([1], 1, 'mu');
  const other = new MaskObjective(network, mu, 1, objectiveDefaults);
  await expect(run({ batchSize: 3 }, { objective: other })).rejects.toThrow(
    /a mask step of 3 images: this device binds 2 images .* --batch-size 2 or less/,
  );
  const { epochs } = await run({ batchSize: 2, epochs: 1 }, { objective: other });
  expect(epochs[0].steps).toBe(2);
  for (const owner of [network, mu]) owner.release();
});

it('stops by steps and by patience', async () => {
  expect((await run({ maxSteps: 6 })).epochs.map((epoch) => epoch.steps)).toEqual([4, 6]);
  expect((await run({ epochs: 50, patience: 2, tolerance: 0.99 })).epochs.length).toBe(3);
});

it('an abort ends it after the steps under way, and the mask so far is validated', async () => {
  const fit = Array.from({ length: 24 }, (_, i) => sessions[i % 4]);
  const controller = new AbortController();
  const seen: number[] = [];
  const onStep = (steps: number) => {
    seen.push(steps);
    if (steps === 2) controller.abort();
  };
  const { epochs, interrupted } = await run({}, { fit, signal: controller.signal, onStep });
  const [{ steps, validation }] = epochs;
  expect([epochs.length, interrupted, Number.isFinite(validation.total)]).toEqual([1, true, true]);
  expect(steps).toBeLessThanOrEqual(2 + 8);
  expect(seen).toEqual(Array.from({ length: steps }, (_, i) => i + 1));
});

it('steps under way together give the same bits and losses as steps awaited one by one', async () => {
  const record = async (together: boolean) => {
    const trainer = new MaskTrainer(objective, images.grid.shape, 0.1);
    const losses = [];
    for (const session of sessions) {
      const x = await images.batch(gpu, [session]);
      const loss = trainer.step(x, 'x');
      x.release();
      losses.push(together ? loss : await loss);
    }
    const result = { losses: await Promise.all(losses), mask: await trainer.read() };
    trainer.release();
    return result;
  };
  expect(await record(true)).toEqual(await record(false));
});

it('an image whose loss is no number ends the run by step and name, and gives memory back', async () => {
  const broken = sessions[1];
  const batch: ImageStore['batch'] = async (gpu, asked) =>
    asked.includes(broken)
      ? gpu.full([1, 1, ...images.grid.shape], Number.MAX_VALUE, 'broken')
      : images.batch(gpu, asked);
  const store = Object.create(images, { batch: { value: batch } });
  const before = gpu.memory().liveBuffers;
  const seen: number[] = [];
  const failed = run({}, { images: store, onStep: (steps) => seen.push(steps) });
  const names = `${broken.participantId} ${broken.sessionId}`;
  const { message } = await failed.then(
    () => new Error('no error'),
    (error: Error) => error,
  );
  expect(message).toContain(`on ${names}. Lower the learning rate`);
  expect(message).toMatch(new RegExp(`^mask step ${seen.length + 1}: the loss is (NaN|-?Infinity) on`));
  expect(gpu.memory().liveBuffers).toBe(before);
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

it('goes on from a state in the middle of an epoch, and ends with the same bits', async () => {
  const file = path.join(folder, 'state.safetensors');
  const whole = await run({ epochs: 3, patience: 100 });
  for (const cut of [2, 4, 6]) {
    let steps = 0;
    let states = 0;
    const controller = new AbortController();
    await run(
      { epochs: 3, patience: 100 },
      {
        due: () => ++steps === cut,
        onState: (state) => {
          // what comes after the state is lost, as in a process that is killed
          if (++states === 1) writeGroupState(file, state, { of: 'this test' });
          controller.abort();
        },
        signal: controller.signal,
      },
    );
    const { state, identity } = readGroupState(file);
    expect(identity).toEqual({ of: 'this test' });
    expect((state.epoch - 1) * 4 + state.losses.length).toBe(cut);
    const rest = await run({ epochs: 3, patience: 100 }, { from: state });
    const told = ({ mask, best, epochs }: typeof rest) => ({
      mask,
      best: best.epoch,
      epochs: epochs.map(({ seconds: _, ...entry }) => entry),
    });
    expect(told(rest)).toEqual(told(whole));
  }
  writeFileSync(file, formatSafetensors(new Map(), { format: 'pt' }));
  expect(() => readGroupState(file)).toThrow(/is no checkpoint of a group mask/);
});

it('finds images whose loss stands out, high ones only, and none where all are alike', () => {
  const asked = Array.from({ length: 8 }, () => sessions[0]);
  const flagged = (losses: number[]) =>
    lossOutliers(asked, losses).flatMap(({ outlier }, i) => (outlier ? [i] : []));
  expect(flagged([0.1, 0.11, 0.12, 0.1, 0.9, 0.13, 0.11, 0.1])).toEqual([4]);
  expect(flagged([0.5, 0.51, 0.52, 0.5, 0.0, 0.51, 0.5, 0.52])).toEqual([]);
  expect(flagged([1e-6, 2e-6, 1e-6, 3e-6, 4e-2, 1e-6, 2e-6, 1e-6])).toEqual([]);
});

it('each image can have a mu of its own, in a batch too', async () => {
  const volume = images.grid.shape.reduce((a, b) => a * b);
  const one = await run({ epochs: 1, batchSize: 2 });
  const same = await run({ epochs: 1, batchSize: 2 }, { muOf: async () => new Float32Array(volume).fill(1) });
  expect(same.mask).toEqual(one.mask);
  const muOf = async (session: (typeof sessions)[number]) =>
    new Float32Array(volume).fill(session === sessions[0] ? 0 : 1);
  expect((await run({ epochs: 1, batchSize: 2 }, { muOf })).mask).not.toEqual(one.mask);
});
