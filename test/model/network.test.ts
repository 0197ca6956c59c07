import { expect, it } from 'vitest';
import { softmaxCrossEntropy } from '../../engine/ops/cross-entropy.ts';
import { Tape } from '../../engine/tape.ts';
import { Network } from '../../model/network.ts';
import { expectClose, property, randomArray, upload } from '../engine/compare.ts';
import { testGpu } from '../engine/gpu.ts';
import { network as reference } from '../reference/network.ts';
import {
  softmaxCrossEntropy as crossEntropy,
  softmaxCrossEntropyGrad,
} from '../reference/softmax-cross-entropy.ts';
import { lookUp, randomWeights, smallNetworks } from './random-network.ts';

it("a small network's training loss and all its gradients agree with float64 loops", async () => {
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
      const logits = network.forward(tape, held, { draw: { seed: 0, step: 0 } }, largest);
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
