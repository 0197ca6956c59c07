import path from 'node:path';
import { expect, it } from 'vitest';
import { plainIntensity } from '../../cohort/intensity.ts';
import { softmaxCrossEntropy } from '../../engine/ops/cross-entropy.ts';
import { Tape } from '../../engine/tape.ts';
import { type Architecture, checkArchitecture } from '../../model/architecture.ts';
import { readInitialisation } from '../../model/initialise.ts';
import { writeModel } from '../../model/model-file.ts';
import { type Mode, Network } from '../../model/network.ts';
import { temporaryFolder } from '../cohort/raw-nifti.ts';
import { expectClose, randomArray, upload } from '../engine/compare.ts';
import { testGpu } from '../engine/gpu.ts';
import { network as reference } from '../reference/network.ts';
import { softmaxCrossEntropyGrad } from '../reference/softmax-cross-entropy.ts';
import { lookUp, randomWeights } from './random-network.ts';

const folder = temporaryFolder();
const labels = [0, 1];
const training: Mode = { draw: { seed: 0, step: 0 } };
const odd: Architecture = {
  inputShape: [7, 6, 9],
  channels: [4, 5],
  subBlocks: [1, 2],
  reduction: 'maxpool',
  fcLayers: 2,
  dropout: 0,
  classes: ['CN', 'AD'],
};
const weights = randomWeights(odd, 11);
const x = randomArray([2, 1, ...odd.inputShape], 12);

/** Logits, the input's gradient and those of the parameters. */
async function pass(architecture: Architecture, mode: Mode) {
  const gpu = await testGpu();
  const network = new Network(gpu, architecture, weights);
  network.setTrainable(mode !== 'evaluation');
  const image = upload(gpu, x, 'x', true);
  const target = gpu.tensor([2], Uint32Array.from(labels), 'labels');
  const tape = new Tape(gpu);
  const logits = network.forward(tape, image, mode);
  const loss = softmaxCrossEntropy(tape, logits, target);
  const gradients = tape.backward(loss);
  const trained = mode === 'evaluation' ? [] : network.parameters();
  const [values, input, ...rest] = await gpu.readAll([
    logits,
    gradients.of(image),
    ...trained.map((parameter) => gradients.of(parameter)),
  ]);
  const names = trained.map(({ label }) => label);
  for (const held of [image, logits, loss, target, gradients, network]) held.release();
  return { logits: values, input, parameters: new Map(names.map((name, i) => [name, rest[i]])) };
}

it.each<[number, Architecture['reduction'], Mode]>([
  [0, 'maxpool', 'evaluation'],
  [0, 'stride', 'evaluation'],
  [0, 'maxpool', training],
  [0, 'stride', training],
  [0.2, 'maxpool', training],
])('slope %s, %s, %j: logits and gradients agree with float64 loops', async (slope, reduction, mode) => {
  const architecture = { ...odd, slope, reduction };
  const expected = reference(architecture, lookUp(weights), x, mode !== 'evaluation');
  const { input, parameters } = expected.gradients(softmaxCrossEntropyGrad(expected.logits, labels));
  const actual = await pass(architecture, mode);
  expectClose(actual.logits, expected.logits.data, 1e-4, 'logits', 1e-2);
  expectClose(actual.input, input.data, 1e-4, 'input gradient', 1e-1);
  for (const [name, values] of actual.parameters)
    expectClose(values, parameters.get(name)!.data, 1e-4, name, 1e-1);
  const leaky = reference({ ...architecture, slope: 0.01 }, lookUp(weights), x, mode !== 'evaluation');
  expect(Math.abs(leaky.logits.data[0] - actual.logits[0])).toBeGreaterThan(1e-4); // the slope has an effect
});

it('a slope of 0.01 gives the bits of an architecture without one', async () => {
  expect(await pass({ ...odd, slope: 0.01 }, training)).toEqual(await pass(odd, training));
});

it.each([-0.1, 1.5, Number.NaN])('a slope of %s is refused', (slope) => {
  expect(() => checkArchitecture({ ...odd, slope }, 'model')).toThrow(/model: slope \S+ is not in \[0, 1\]/);
});

it('a training does not start from convolutions of another slope', () => {
  const file = path.join(folder, 'relu.safetensors');
  writeModel(file, { architecture: { ...odd, slope: 0 }, weights, grid: null, intensity: plainIntensity });
  expect(() => readInitialisation(file, odd, plainIntensity)).toThrow(/slope 0, where the network has 0\.01/);
  expect(readInitialisation(file, { ...odd, slope: 0 }, plainIntensity).weights.size).toBe(3 * 7);
});
