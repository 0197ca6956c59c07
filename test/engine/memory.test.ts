import { expect, it } from 'vitest';
import { Adam } from '../../engine/adam.ts';
import { softmaxCrossEntropy } from '../../engine/ops/cross-entropy.ts';
import { Tape } from '../../engine/tape.ts';
import { MaskTrainer } from '../../masking/mask-trainer.ts';
import { MaskObjective, objectiveDefaults } from '../../masking/objective.ts';
import type { Architecture } from '../../model/architecture.ts';
import { Network } from '../../model/network.ts';
import { initialWeights } from '../../model/weights.ts';
import { randomArray, upload } from './compare.ts';
import { testGpu } from './gpu.ts';

const architecture: Architecture = {
  inputShape: [7, 8, 7],
  channels: [2, 3],
  subBlocks: [1, 2],
  reduction: 'maxpool',
  fcLayers: 2,
  dropout: 0.5,
  classes: ['CN', 'AD'],
};

it('1,000 training and mask steps allocate nothing after the first', async () => {
  const gpu = await testGpu();
  const network = new Network(gpu, architecture, initialWeights(architecture, 1));
  const x = upload(gpu, randomArray([2, 1, 7, 8, 7], 2), 'x');
  const labels = gpu.tensor([2], Uint32Array.of(0, 1), 'labels');
  network.setTrainable(true);
  const adam = new Adam(gpu, network.parameters(), {});
  const trainStep = async (step: number) => {
    const tape = new Tape(gpu);
    const logits = network.forward(tape, x, { draw: { seed: 1, step } });
    const loss = softmaxCrossEntropy(tape, logits, labels);
    const gradients = tape.backward(loss);
    adam.step(gradients);
    for (const tensor of [logits, loss, gradients]) tensor.release();
    if (step % 50 === 0) await gpu.synchronize();
    else await gpu.submit();
  };
  const objective = () => new MaskObjective(network, mu, 1, objectiveDefaults);
  const mu = gpu.full([1], 1, 'mu');
  await trainStep(0);
  const warm = gpu.memory();
  for (let step = 1; step < 500; step++) await trainStep(step);
  expect(gpu.memory()).toEqual(warm);

  const trainer = new MaskTrainer(objective(), architecture.inputShape, 0.1);
  await trainer.step(x, 'x');
  const warmMask = gpu.memory();
  for (let step = 1; step < 500; step++) await trainer.step(x, 'x');
  expect(gpu.memory()).toEqual(warmMask);
  trainer.release();
  adam.release();
  for (const tensor of [x, labels, mu]) tensor.release();
  network.release();
});

it('free buffers can be given back to the device, and the work goes on', async () => {
  const gpu = await testGpu();
  const first = gpu.full([1000], 2, 'first');
  first.release();
  expect(gpu.memory().heldBytes).toBeGreaterThan(gpu.memory().liveBytes);
  await gpu.trim();
  expect(gpu.memory().heldBytes).toBe(gpu.memory().liveBytes);
  const second = gpu.full([1000], 3, 'second');
  expect((await gpu.read(second))[999]).toBe(3);
  second.release();
});

it('a shared tensor lives until its last owner gives it up', async () => {
  const gpu = await testGpu();
  const before = gpu.memory().liveBuffers;
  const tensor = gpu.full([4], 5, 'shared');
  const [other, view] = [tensor.share(), tensor.view([2, 2])];
  tensor.release();
  other.release();
  expect(gpu.memory().liveBuffers).toBe(before + 1);
  expect(Array.from(await gpu.read(view))).toEqual([5, 5, 5, 5]);
  view.release();
  expect(gpu.memory().liveBuffers).toBe(before);
  expect(() => tensor.release()).toThrow(/"shared" was used after its release/);
});

it('scratch memory serves every size up to its own, the smallest that is large enough', async () => {
  const gpu = await testGpu();
  const sizes = [1200, 400, 800];
  const held = sizes.map((size) => gpu.scratch([size], 'scratch'));
  const buffers = held.map(({ memory }) => memory.id);
  for (const tensor of held) tensor.release();
  const before = gpu.memory().allocations;
  const again = [300, 700, 900].map((size) => gpu.scratch([size], 'scratch'));
  expect(again.map(({ memory }) => memory.id)).toEqual([buffers[1], buffers[2], buffers[0]]);
  expect(gpu.memory().allocations).toBe(before);
  for (const tensor of again) tensor.release();
});
