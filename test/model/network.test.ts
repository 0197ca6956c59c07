import { expect, it, vi } from 'vitest';
import type { Activations } from '../../engine/ops/convolved.ts';
import { softmaxCrossEntropy } from '../../engine/ops/cross-entropy.ts';
import { Tape } from '../../engine/tape.ts';
import type { Architecture } from '../../model/architecture.ts';
import { Network } from '../../model/network.ts';
import { expectClose, property, randomArray, upload } from '../engine/compare.ts';
import { testGpu } from '../engine/gpu.ts';
import { network as reference } from '../reference/network.ts';
import {
  softmaxCrossEntropy as crossEntropy,
  softmaxCrossEntropyGrad,
} from '../reference/softmax-cross-entropy.ts';
import { lookUp, randomWeights, smallNetworks } from './random-network.ts';

const twoBlocks = {
  channels: [4, 6],
  subBlocks: [1, 1],
  reduction: 'maxpool',
  fcLayers: 1,
  dropout: 0,
  classes: ['CN', 'AD'],
} as const;

it.each(['float32', 'recomputed'] as const)(
  "a small network's training loss and all its gradients, volumes %s, agree with float64 loops",
  async (activations) => {
    const gpu = await testGpu();
    await property(
      smallNetworks,
      async ({ n, seed, largest, architecture }) => {
        const weights = randomWeights(architecture, seed);
        const x = randomArray([n, 1, ...architecture.inputShape], seed + 1);
        const labels = Array.from({ length: n }, (_, i) => (seed + i) % 2);
        const expected = reference(architecture, lookUp(weights), x, true);
        const { input, parameters } = expected.gradients(softmaxCrossEntropyGrad(expected.logits, labels));

        const before = gpu.memory().liveBuffers;
        const network = new Network(gpu, architecture, weights);
        network.setTrainable(true);
        const held = upload(gpu, x, 'x', true);
        const target = gpu.tensor([n], Uint32Array.from(labels), 'labels');
        const tape = new Tape(gpu);
        const logits = network.forward(tape, held, { draw: { seed: 0, step: 0 }, activations }, largest);
        const loss = softmaxCrossEntropy(tape, logits, target);
        const gradients = tape.backward(loss);
        expectClose(await gpu.read(loss), [crossEntropy(expected.logits, labels).loss], 1e-4, 'loss');
        expectClose(await gpu.read(gradients.of(held)), input.data, 1e-4, 'input gradient', 1e-1);
        for (const parameter of network.parameters()) {
          // normalisation amplifies float32 rounding where a channel's batch has few values: a looser, absolute floor
          expectClose(
            await gpu.read(gradients.of(parameter)),
            parameters.get(parameter.label)!.data,
            1e-4,
            parameter.label,
            1e-1,
          );
        }
        for (const tensor of [held, target, logits, loss]) tensor.release();
        gradients.release();
        network.release();
        expect(gpu.memory().liveBuffers).toBe(before);
      },
      15,
    );
  },
);

/** Loss and gradients of a step of training on two made-up images, one after the other. */
async function step(activations: Activations): Promise<number[]> {
  const gpu = await testGpu();
  const architecture: Architecture = { ...twoBlocks, inputShape: [17, 19, 21] };
  const network = new Network(gpu, architecture, randomWeights(architecture, 1));
  network.setTrainable(true);
  const x = upload(gpu, randomArray([2, 1, ...architecture.inputShape], 2), 'x');
  const labels = gpu.tensor([2], Uint32Array.of(0, 1), 'labels');
  const tape = new Tape(gpu);
  const oneSample = 4 * 4 * 17 * 19 * 21; // a device that binds the first volume of one image
  const logits = network.forward(tape, x, { draw: { seed: 0, step: 0 }, activations }, oneSample);
  const loss = softmaxCrossEntropy(tape, logits, labels);
  const gradients = tape.backward(loss);
  const read = await gpu.readAll([loss, ...network.parameters().map((parameter) => gradients.of(parameter))]);
  for (const tensor of [x, labels, logits, loss, gradients, network]) tensor.release();
  return read.flatMap((values) => [...values]);
}

it('volumes computed again give the same bits as volumes kept', async () => {
  expect(await step('recomputed')).toEqual(await step('float32'));
});

it('only the volume of the first sub-block is computed again: for its moments, to be pooled, and going back', async () => {
  const gpu = await testGpu();
  const convolutions = async (activations: Activations) => {
    const run = vi.spyOn(gpu, 'run');
    try {
      await step(activations);
      return run.mock.calls.filter(([name]) => /^conv3d(_tile|_few_voxels|_product)?$/.test(name)).length;
    } finally {
      run.mockRestore();
    }
  };
  const images = 2; // each is a part of its own
  expect(await convolutions('recomputed')).toBe((await convolutions('float32')) + 2 * images);
});

it('gradients of volumes in half precision exist one at a time, in one piece of memory', async () => {
  const gpu = await testGpu();
  await gpu.trim();
  const scratch = gpu.scratch.bind(gpu);
  const [sizes, pieces] = [new Set<number>(), new Set<number>()];
  const spy = vi.spyOn(gpu, 'scratch').mockImplementation((shape, label) => {
    const tensor = scratch(shape, label);
    sizes.add(tensor.size);
    pieces.add(tensor.memory.id);
    return tensor;
  });
  try {
    await step('float16');
  } finally {
    spy.mockRestore();
  }
  expect(sizes.size).toBe(2); // of two sub-blocks
  expect(pieces.size).toBe(1);
});

it('volumes in half precision give nearly the same gradients, not the same', async () => {
  const [[loss, ...exact], [half, ...rounded]] = [await step('float32'), await step('float16')];
  const dot = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  expect(Math.abs(half - loss) / loss).toBeLessThan(1e-3);
  expect(dot(exact, rounded) / Math.sqrt(dot(exact, exact) * dot(rounded, rounded))).toBeGreaterThan(0.9999);
  expect(rounded).not.toEqual(exact);
});

it('in evaluation nothing is recorded for a frozen network, and memory returns', async () => {
  const gpu = await testGpu();
  await property(
    smallNetworks,
    async ({ n, seed, largest, architecture }) => {
      const weights = randomWeights(architecture, seed);
      const x = randomArray([n, 1, ...architecture.inputShape], seed + 1);
      const before = gpu.memory().liveBuffers;
      const network = new Network(gpu, architecture, weights);
      const held = upload(gpu, x, 'x');
      const logits = network.forward(new Tape(gpu), held, 'evaluation', largest);
      expectClose(
        await gpu.read(logits),
        reference(architecture, lookUp(weights), x, false).logits.data,
        1e-5,
        'logits',
        1e-2,
      );
      expect(logits.requiresGrad).toBe(false);
      for (const tensor of [held, logits]) tensor.release();
      network.release();
      expect(gpu.memory().liveBuffers).toBe(before);
    },
    10,
  );
});
