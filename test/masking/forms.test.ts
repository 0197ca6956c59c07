import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readCohort } from '../../cohort/cohort.ts';
import type { Session } from '../../cohort/session.ts';
import { simulateCohort } from '../../cohort/simulate/index.ts';
import type { Gpu } from '../../engine/gpu.ts';
import { addNoise } from '../../engine/ops/gaussian-noise.ts';
import { shift } from '../../engine/ops/shift.ts';
import { coarseShape, spread } from '../../engine/ops/trilinear.ts';
import { Tape } from '../../engine/tape.ts';
import { type GroupRun, groupDefaults, groupMask } from '../../masking/group.ts';
import { type GroupState, readGroupState, writeGroupState } from '../../masking/group-state.ts';
import { MaskObjective, type ObjectiveOptions, objectiveDefaults } from '../../masking/objective.ts';
import { offsetOf } from '../../masking/perturbation.ts';
import { type SessionMask, sessionDefaults, sessionMasks } from '../../masking/session.ts';
import { ImageStore } from '../../model/images.ts';
import { Network } from '../../model/network.ts';
import { initialWeights } from '../../model/weights.ts';
import { testGpu } from '../engine/gpu.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-forms-'));
afterAll(() => rmSync(folder, { recursive: true }));
const { cohort } = simulateCohort(path.join(folder, 'cohort'), {
  participantsPerClass: 2,
  strength: 0.3,
  resolution: 6,
  seed: 3,
});
const { sessions } = readCohort(cohort, ['CN', 'AD']);
const images = ImageStore.like(sessions[0]);
const { shape } = images.grid;

let gpu: Gpu;
let network: Network;
beforeAll(async () => {
  gpu = await testGpu();
  const architecture = {
    inputShape: shape,
    channels: [3, 10],
    subBlocks: [1, 1],
    reduction: 'maxpool' as const,
    fcLayers: 1,
    dropout: 0,
    classes: ['CN', 'AD'],
  };
  network = new Network(gpu, architecture, initialWeights(architecture, 1));
});

const forms: [string, Partial<ObjectiveOptions>][] = [
  ['an area', { lambda1: 0, area: { share: 0.05, weight: 3 } }],
  ['shifts and noise', { perturbation: { shift: 2, noise: 0.05, seed: 4 } }],
  ['an area on a coarse grid', { lambda1: 0, area: { share: 0.05, weight: 3 }, maskGrid: 2 }],
];

function objectiveWith(form: Partial<ObjectiveOptions>): MaskObjective {
  return new MaskObjective(network, gpu.full([1], 1, 'mu'), 1, { ...objectiveDefaults, ...form });
}

async function masks(objective: MaskObjective, of: readonly Session[], batchSize: number) {
  const made = new Map<Session, SessionMask>();
  await sessionMasks({
    objective,
    images,
    sessions: of,
    options: { ...sessionDefaults, maxSteps: 4, earlyStopping: false, batchSize },
    onMask: (session, mask) => made.set(session, mask),
  });
  return made;
}

it.each(forms)(
  'with %s, a session mask is the same to the bit whichever others it is made with',
  async (_, form) => {
    const objective = objectiveWith(form);
    const together = await masks(objective, sessions, 3); // the fourth takes the place of one that is done
    for (const session of [sessions[1], sessions[3]]) {
      const alone = (await masks(objective, [session], 1)).get(session)!;
      expect(together.get(session)).toEqual(alone);
      expect(alone.losses[4].score).toBeLessThan(alone.losses[0].score);
    }
    objective.mu.release();
  },
);

it.each(forms)('with %s, a group mask that was cut goes on with the same bits', async (_, form) => {
  const objective = objectiveWith(form);
  const run: GroupRun = {
    objective,
    images,
    fit: sessions,
    select: sessions.slice(0, 2),
    options: { ...groupDefaults, epochs: 2, seed: 5 },
  };
  const whole = await groupMask(run);
  const states: GroupState[] = [];
  await groupMask({ ...run, due: () => states.length === 0, onState: (state) => states.push(state) });
  const file = path.join(folder, 'checkpoint.safetensors');
  writeGroupState(file, states[0], {});
  const { state } = readGroupState(file);
  expect(state.losses.length).toBeGreaterThan(0);
  const rest = await groupMask({ ...run, from: state });
  expect(rest.mask).toEqual(whole.mask);
  expect(rest.epochs.map(({ train, validation }) => [train, validation])).toEqual(
    whole.epochs.map(({ train, validation }) => [train, validation]),
  );
  objective.mu.release();
});

it('a step sees the images moved and with noise, and its gradient is moved back', async () => {
  const before = gpu.memory().liveBuffers;
  const options = { shift: 3, noise: 0.1, seed: 8 };
  const draws = [
    { step: 5, part: 0 },
    { step: 5, part: 1 },
  ];
  const [disturbing, plain] = [objectiveWith({ perturbation: options }), objectiveWith({})];
  const x = await images.batch(gpu, sessions.slice(0, 2));
  const offsets = draws.map((draw) => offsetOf(options, draw));
  const moved = shift(new Tape(gpu), x, offsets);
  const seen = addNoise(
    new Tape(gpu),
    moved,
    options.noise,
    draws.map(({ step, part }) => ({ seed: options.seed, draw: step, part })),
  );
  const expected = plain.scoreGradient(seen, 'each');
  const back = shift(
    new Tape(gpu),
    expected.gradient,
    offsets.map(([a, b, c]) => [-a, -b, -c]),
  );
  const untouched = plain.scoreGradient(x, 'each');
  const made = disturbing.scoreGradient(x, 'each', draws);
  const [score, gradient, itsScore, itsGradient, other] = await gpu.readAll([
    expected.score,
    back,
    made.score,
    made.gradient,
    untouched.score,
  ]);
  expect(itsScore).toEqual(score);
  expect(itsGradient).toEqual(gradient);
  expect(itsScore).not.toEqual(other);
  expect(gradient.some((value) => value !== 0)).toBe(true);
  for (const { score, gradient } of [expected, untouched, made]) {
    score.release();
    gradient.release();
  }
  for (const tensor of [x, moved, seen, back, disturbing.mu, plain.mu]) tensor.release();
  expect(gpu.memory().liveBuffers, 'buffers given back').toBe(before);
});

it('with shifts and noise another seed gives another mask, and each is judged on the image as it is', async () => {
  const made = [4, 5].map((seed) => objectiveWith({ perturbation: { shift: 2, noise: 0.05, seed } }));
  const [one, other] = [await masks(made[0], [sessions[0]], 1), await masks(made[1], [sessions[0]], 1)];
  const plain = objectiveWith({});
  const expected = (await masks(plain, [sessions[0]], 1)).get(sessions[0])!;
  expect(one.get(sessions[0])!.mask).not.toEqual(other.get(sessions[0])!.mask);
  expect(one.get(sessions[0])!.mask).not.toEqual(expected.mask);
  // the mask of ones has the same loss, however its first step is disturbed
  for (const masks of [one, other]) expect(masks.get(sessions[0])!.losses[0]).toEqual(expected.losses[0]);
  for (const { mu } of [...made, plain]) mu.release();
});

it('a mask on a coarser grid is one of its values, linearly between them', async () => {
  const objective = objectiveWith({ maskGrid: 4 });
  const { mask } = (await masks(objective, [sessions[0]], 1)).get(sessions[0])!;
  const [d, h, w] = coarseShape(shape, 4);
  const at = (u: number, size: number) => Math.min(4 * u, size - 1);
  const values = Float32Array.from({ length: d * h * w }, (_, i) => {
    const [z, y, x] = [Math.floor(i / w / h), Math.floor(i / w) % h, i % w];
    return mask[(at(z, shape[0]) * shape[1] + at(y, shape[1])) * shape[2] + at(x, shape[2])];
  });
  const held = gpu.tensor([d, h, w], values, 'values');
  const whole = spread(gpu, held, shape, 4);
  const expected = await gpu.read(whole);
  for (let i = 0; i < mask.length; i++) {
    const place = [Math.floor(i / shape[2] / shape[1]), Math.floor(i / shape[2]) % shape[1], i % shape[2]];
    const inside = place.every((u, axis) => Math.floor(u / 4) * 4 + 4 < shape[axis] || u % 4 === 0);
    if (inside) expect(mask[i]).toBeCloseTo(expected[i], 6);
  }
  for (const tensor of [held, whole, objective.mu]) tensor.release();
});
