import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readCohort } from '../../cohort/cohort.ts';
import type { Session } from '../../cohort/session.ts';
import { simulateCohort } from '../../cohort/simulate/index.ts';
import type { Gpu } from '../../engine/gpu.ts';
import { maskedProbabilities } from '../../masking/effect.ts';
import { MaskTrainer } from '../../masking/mask-trainer.ts';
import { MaskObjective, objectiveDefaults } from '../../masking/objective.ts';
import {
  type SessionMask,
  type SessionOptions,
  type SessionRun,
  sessionDefaults,
  sessionMasks,
  sessionObjectiveDefaults,
} from '../../masking/session.ts';
import { fastestStack, largestStack } from '../../masking/stack-size.ts';
import { Stopping } from '../../masking/stopping.ts';
import type { Architecture } from '../../model/architecture.ts';
import { ImageStore } from '../../model/images.ts';
import { Network } from '../../model/network.ts';
import { initialWeights } from '../../model/weights.ts';
import { testGpu } from '../engine/gpu.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-session-'));
afterAll(() => rmSync(folder, { recursive: true }));
const { cohort } = simulateCohort(path.join(folder, 'cohort'), {
  participantsPerClass: 4,
  strength: 0.3,
  resolution: 6,
  seed: 3,
});
const { sessions } = readCohort(cohort, ['CN', 'AD']);
const some = sessions.slice(0, 6);
const stored = ImageStore.like(sessions[0]);
// of different brightness, so that the masks take different ways
const images: ImageStore = Object.create(stored, {
  load: { value: async (session: Session) => (await stored.load(session)).map((v) => v * shade(session)) },
});
const architecture: Architecture = {
  inputShape: images.grid.shape,
  channels: [3, 10, 12],
  subBlocks: [1, 1, 2],
  reduction: 'maxpool',
  fcLayers: 1,
  dropout: 0,
  classes: ['CN', 'AD'],
};
let options = { ...sessionDefaults, maxSteps: 14, patience: 3 };

/** Something of its own for each session, from 0 to 1. */
function shade(session: Session): number {
  return (1 + some.indexOf(session)) / some.length;
}

let gpu: Gpu;
let objective: MaskObjective;
let alone: Map<Session, SessionMask>;
beforeAll(async () => {
  gpu = await testGpu();
  const network = new Network(gpu, architecture, initialWeights(architecture, 1));
  objective = new MaskObjective(network, gpu.full([1], 1, 'mu'), 1, objectiveDefaults);
  // a tolerance that lets the masks end after different numbers of steps
  const whole = [...(await masks({ earlyStopping: false })).values()].map(({ losses }) => losses);
  const ends = (tolerance: number) => {
    const endOf = (losses: SessionMask['losses']) => {
      const stopping = new Stopping({ ...options, tolerance });
      return losses.findIndex(({ total }) => stopping.done(total));
    };
    return new Set(whole.map(endOf)).size;
  };
  const [, tolerance] = [0.003, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3].reduce(
    (most, one) => (ends(one) > most[0] ? [ends(one), one] : most),
    [0, 0],
  );
  options = { ...options, tolerance };
  alone = await masks({ batchSize: 1 });
});

async function masks(asked: Partial<SessionOptions>, more: Partial<SessionRun> = {}) {
  const made = new Map<Session, SessionMask>();
  await sessionMasks({
    objective,
    images,
    sessions: some,
    options: { ...options, batchSize: 1, ...asked },
    onMask: (session, mask) => made.set(session, mask),
    ...more,
  });
  return made;
}

it('a mask is the same, to the bit, whichever others are made with it, in whatever order', async () => {
  const before = gpu.memory().liveBuffers;
  expect(new Set([...alone.values()].map(({ losses }) => losses.length)).size).toBeGreaterThan(1);
  const groupings = fc.record({
    sessions: fc.shuffledSubarray(some, { minLength: 2 }),
    batchSize: fc.integer({ min: 2, max: some.length }),
  });
  await fc.assert(
    fc.asyncProperty(groupings, async ({ sessions, batchSize }) => {
      const made = await masks({ batchSize }, { sessions });
      expect(new Set(made.keys())).toEqual(new Set(sessions));
      for (const [session, mask] of made) expect(mask).toEqual(alone.get(session));
    }),
    { numRuns: 6, seed: 20200214 },
  );
  expect(gpu.memory().liveBuffers, 'buffers given back').toBe(before);
});

it('follows the steps of the same mask made by itself, stops by the rule and keeps the lowest loss', async () => {
  for (const session of some.slice(0, 3)) {
    const { losses, mask, keptAfter, ending } = alone.get(session)!;
    const trainer = new MaskTrainer(objective, images.grid.shape, options.learningRate);
    const stopping = new Stopping(options);
    const x = await images.batch(gpu, [session]);
    for (const [t, loss] of losses.entries()) {
      if (t === keptAfter) expect(mask).toEqual(await trainer.read());
      expect(await trainer.step(x, 'x')).toEqual(loss);
      expect(stopping.done(loss.total)).toBe(ending === 'patience' && t === losses.length - 1);
    }
    expect(ending === 'steps').toBe(losses.length === options.maxSteps + 1);
    const totals = losses.map(({ total }) => Math.fround(total));
    expect(keptAfter).toBe(totals.indexOf(Math.min(...totals)));
    x.release();
    trainer.release();
  }
});

it('without early stopping takes all steps and keeps the last mask; tells the probability under it', async () => {
  const { mask, thresholded, losses, keptAfter, probability } = (
    await masks({ earlyStopping: false, maxSteps: 9, batchSize: 3 })
  ).get(some[1])!;
  expect([losses.length, keptAfter]).toEqual([10, 9]);
  expect(mask.some((value) => value < 0.95)).toBe(true);
  expect(thresholded).toEqual(mask.map((value) => (value > 0.95 ? 1 : value)));
  const held = gpu.tensor(images.grid.shape, thresholded, 'mask');
  const { network, mu } = objective;
  expect(await maskedProbabilities(network, images, [some[1]], 1, held, mu)).toEqual([probability]);
  expect(losses[9].score).toBeLessThan(losses[0].score);
  held.release();
});

it('both regularisers weigh a hundred times more than for a group', () => {
  expect(sessionObjectiveDefaults).toEqual({
    ...objectiveDefaults,
    lambda1: 1e-2,
    lambda2: 1,
  });
});

it('each session can have a mu of its own', async () => {
  const volumes = async (session: Session) =>
    new Float32Array(images.grid.shape.reduce((a, b) => a * b)).fill(shade(session));
  const made = await masks({ batchSize: 2 }, { sessions: some.slice(0, 3), muOf: volumes });
  for (const session of some.slice(0, 3)) {
    const mu = gpu.full([1], shade(session), 'mu');
    const same = new MaskObjective(objective.network, mu, 1, objectiveDefaults);
    const expected = await masks({}, { objective: same, sessions: [session] });
    expect(made.get(session)).toEqual(expected.get(session));
    mu.release();
  }
});

it('an abort leaves the finished masks, and a loss that is no number ends the run by name', async () => {
  const before = gpu.memory().liveBuffers;
  const controller = new AbortController();
  const made = await masks({ batchSize: 2 }, { signal: controller.signal, onStep: () => controller.abort() });
  expect(made.size).toBeLessThan(some.length);
  const broken = new Float32Array(images.grid.shape.reduce((a, b) => a * b)).fill(Number.MAX_VALUE);
  const load: ImageStore['load'] = async (session) => (session === some[2] ? broken : images.load(session));
  const store = Object.create(images, { load: { value: load } });
  await expect(masks({ batchSize: 3 }, { images: store })).rejects.toThrow(
    new RegExp(`mask step 1: the loss is (NaN|-?Infinity) on ${some[2].participantId} ${some[2].sessionId}`),
  );
  expect(gpu.memory().liveBuffers, 'buffers given back').toBe(before);
});

it('an abort ends the trial of how many go together', async () => {
  const image = await images.load(some[0]);
  const before = gpu.memory().liveBuffers;
  const aborted = AbortSignal.abort(new Error('stopped'));
  await expect(fastestStack(objective, images.grid.shape, image, 5, aborted)).rejects.toThrow('stopped');
  expect(gpu.memory().liveBuffers, 'buffers given back').toBe(before);
});

it('tries how many go together, within what the device holds and what there is', async () => {
  const { shape } = images.grid;
  const image = await images.load(some[0]);
  const before = gpu.memory().liveBuffers;
  expect(await fastestStack(objective, shape, image, 1)).toBe(1);
  expect([1, 2, 4]).toContain(await fastestStack(objective, shape, image, 5));
  expect(largestStack(gpu, shape)).toBe(Math.floor(gpu.largestTensor / (8 * shape[0] * shape[1] * shape[2])));
  expect(gpu.memory().liveBuffers, 'buffers given back').toBe(before);
});
