import { expect, it } from 'vitest';
import { Adam } from '../../engine/adam.ts';
import { softmaxCrossEntropy } from '../../engine/ops/cross-entropy.ts';
import { Tape } from '../../engine/tape.ts';
import { softmax } from '../../model/metrics.ts';
import { readModel } from '../../model/model-file.ts';
import { Network } from '../../model/network.ts';
import { expectClose } from '../engine/compare.ts';
import { testGpu } from '../engine/gpu.ts';
import { fixtureArrays, fixtureJson, fixturePath } from './fixtures.ts';

const draw = { seed: 0, step: 0 }; // the networks have dropout 0

for (const name of ['network', 'network-stride']) {
  it(`${name}: first step's output, loss and all gradients are PyTorch's`, async () => {
    const gpu = await testGpu();
    const { architecture, weights } = readModel(fixturePath(`${name}-initial.safetensors`));
    const [arrays, { losses }] = [fixtureArrays(name), fixtureJson(name)];
    const network = new Network(gpu, architecture, weights);
    network.setTrainable(true);
    const x = gpu.tensor(arrays.get('x')!.shape, arrays.get('x')!.data, 'x');
    x.requiresGrad = true;
    const labels = gpu.tensor([4], Uint32Array.from(arrays.get('labels')!.data), 'labels');
    const tape = new Tape(gpu);
    const logits = network.forward(tape, x, { draw });
    const loss = softmaxCrossEntropy(tape, logits, labels);
    const gradients = tape.backward(loss);
    expectClose(await gpu.read(logits), arrays.get('train_logits')!.data, 1e-5, 'logits');
    expect((await gpu.read(loss))[0] / losses[0]).toBeCloseTo(1, 5);
    expectClose(await gpu.read(gradients.of(x)), arrays.get('grad.x')!.data, 1e-4, 'input gradient');
    for (const parameter of network.parameters()) {
      // a convolution's bias has no effect before batch normalisation: its gradient is rounding alone
      const floor = /conv\d+\.[036]\.bias$/.test(parameter.label) ? 1e-1 : 1e-3;
      expectClose(
        await gpu.read(gradients.of(parameter)),
        arrays.get(`grad.${parameter.label}`)!.data,
        1e-4,
        parameter.label,
        floor,
      );
    }
    for (const tensor of [x, labels, logits, loss]) tensor.release();
    gradients.release();
    network.release();
  });

  it(`${name}: ten Adam steps follow PyTorch's loss and end in its weights and predictions`, async () => {
    const gpu = await testGpu();
    const { architecture, weights } = readModel(fixturePath(`${name}-initial.safetensors`));
    const [arrays, { losses, adam: settings }] = [fixtureArrays(name), fixtureJson(name)];
    const network = new Network(gpu, architecture, weights);
    network.setTrainable(true);
    const { lr, weightDecay } = settings;
    const adam = new Adam(gpu, network.parameters(), { learningRate: lr, weightDecay });
    const x = gpu.tensor(arrays.get('x')!.shape, arrays.get('x')!.data, 'x');
    const labels = gpu.tensor([4], Uint32Array.from(arrays.get('labels')!.data), 'labels');
    for (const expected of losses) {
      const tape = new Tape(gpu);
      const logits = network.forward(tape, x, { draw });
      const loss = softmaxCrossEntropy(tape, logits, labels);
      const gradients = tape.backward(loss);
      adam.step(gradients);
      expect(Math.abs((await gpu.read(loss))[0] / expected - 1)).toBeLessThan(1e-4);
      for (const tensor of [logits, loss]) tensor.release();
      gradients.release();
    }
    const final = readModel(fixturePath(`${name}-final.safetensors`)).weights;
    const moved = await network.download();
    expect([...moved.keys()].sort()).toEqual([...final.keys()].sort());
    for (const [key, { data }] of moved) expectClose(data, final.get(key)!.data, 1e-4, key);
    network.setTrainable(false);
    const logits = network.forward(new Tape(gpu), x, 'evaluation');
    const rows = await gpu.read(logits);
    const probabilities = [0, 1, 2, 3].flatMap((i) => softmax(rows.slice(2 * i, 2 * i + 2)));
    expectClose(probabilities, arrays.get('eval_probabilities')!.data, 1e-4, 'probabilities');
    for (const tensor of [x, labels, logits]) tensor.release();
    adam.release();
    network.release();
  });

  it(`${name}: predicts as PyTorch does with weights trained there, within 1e-5`, async () => {
    const gpu = await testGpu();
    const { architecture, weights } = readModel(fixturePath(`${name}-final.safetensors`));
    const arrays = fixtureArrays(name);
    const network = new Network(gpu, architecture, weights);
    const x = gpu.tensor(arrays.get('x')!.shape, arrays.get('x')!.data, 'x');
    const logits = network.forward(new Tape(gpu), x, 'evaluation');
    const rows = await gpu.read(logits);
    const expected = arrays.get('eval_probabilities')!.data;
    for (let i = 0; i < 4; i++) {
      softmax(rows.slice(2 * i, 2 * i + 2)).forEach((p, c) => {
        expect(Math.abs(p - expected[2 * i + c])).toBeLessThan(1e-5);
      });
    }
    for (const tensor of [x, logits]) tensor.release();
    network.release();
  });
}
