import { expect, it } from 'vitest';
import { maskBlend } from '../../engine/ops/mask-blend.ts';
import { MaskStep } from '../../engine/ops/mask-step.ts';
import { Tape } from '../../engine/tape.ts';
import { MaskTrainer } from '../../masking/mask-trainer.ts';
import { MaskObjective, maskLoss } from '../../masking/objective.ts';
import { readModel } from '../../model/model-file.ts';
import { Network } from '../../model/network.ts';
import { expectClose } from '../engine/compare.ts';
import { testGpu } from '../engine/gpu.ts';
import { fixtureArrays, fixtureJson, fixturePath } from '../model/fixtures.ts';

const shape = [13, 15, 12];
const voxels = 13 * 15 * 12;

async function objective() {
  const gpu = await testGpu();
  const { architecture, weights } = readModel(fixturePath('network-final.safetensors'));
  const { settings, steps } = fixtureJson('mask');
  const arrays = fixtureArrays('mask');
  const network = new Network(gpu, architecture, weights);
  const mu = gpu.full([1], settings.mu, 'mu');
  const image = gpu.tensor([1, 1, ...shape], arrays.get('image')!.data, 'image');
  return {
    gpu,
    network,
    mu,
    image,
    settings,
    steps,
    arrays,
    objective: new MaskObjective(network, mu, settings.classIndex, settings),
  };
}

it("the masking loss, its terms and its gradient are PyTorch's along its own trajectory", async () => {
  const { gpu, mu, image, steps, arrays, objective: o, ...held } = await objective();
  for (let t = 0; t < 10; t++) {
    const mask = gpu.tensor(shape, arrays.get('m')!.data.slice(t * voxels, (t + 1) * voxels), 'mask');
    const mover = new MaskStep(gpu, mask, mu, { ...o.options, adam: { beta1: 0 } }); // its first moment is the gradient
    const blended = maskBlend(new Tape(gpu), mask, image, mu);
    const { score: f, gradient: ofBlended } = o.scoreGradient(blended);
    const terms = mover.step(image, ofBlended);
    const [[size, variation], [score]] = await gpu.readAll([terms, f]);
    const { total } = maskLoss(size, variation, score);
    const expected = steps[t];
    expectClose(
      [total, size, variation, score],
      [expected.loss, expected.size, expected.variation, expected.score],
      1e-5,
      `loss of step ${t}`,
    );
    const gradient = arrays.get('gradient')!.data.slice(t * voxels, (t + 1) * voxels);
    const first = (await gpu.read(mover.moments)).slice(0, voxels);
    expectClose(first, gradient, 1e-4, `gradient of step ${t}`, 1e-6);
    for (const held of [terms, f, ofBlended, mover]) held.release();
  }
  held.network.release();
  mu.release();
  image.release();
});

it("ten steps from a mask of ones end where PyTorch's do", async () => {
  const { image, steps, arrays, settings, objective: o, ...held } = await objective();
  const trainer = new MaskTrainer(o, shape, settings.lr);
  for (let t = 0; t < 10; t++) {
    const loss = await trainer.step(image, 'the fixture');
    expect(Math.abs(loss.total / steps[t].loss - 1)).toBeLessThan(1e-4);
  }
  const mask = await trainer.read();
  expect(mask.every((value) => value >= 0 && value <= 1)).toBe(true);
  expectClose(mask, arrays.get('m')!.data.slice(10 * voxels), 1e-3, 'mask');
  trainer.release();
  held.network.release();
  held.mu.release();
  image.release();
});

it("fifty steps from a mask of ones are PyTorch's: every voxel within 1e-4, every loss within 1e-5", async () => {
  const gpu = await testGpu();
  const { architecture, weights } = readModel(fixturePath('network-final.safetensors'));
  const { settings, steps, shown } = fixtureJson('mask-long');
  const arrays = fixtureArrays('mask-long');
  const network = new Network(gpu, architecture, weights);
  const mu = gpu.full([1], settings.mu, 'mu');
  const image = gpu.tensor([1, 1, ...shape], arrays.get('image')!.data, 'image');
  const trainer = new MaskTrainer(new MaskObjective(network, mu, 1, settings), shape, settings.lr);
  for (let t = 0; t <= 50; t++) {
    const kept = shown.indexOf(t);
    if (kept >= 0) {
      const expected = arrays.get('m')!.data.slice(kept * voxels, (kept + 1) * voxels);
      const mask = await trainer.read();
      expect(Math.max(...mask.map((value, u) => Math.abs(value - expected[u])))).toBeLessThan(1e-4);
    }
    const loss = await trainer.step(image, 'the fixture');
    for (const term of ['size', 'variation', 'score'] as const)
      expect(Math.abs(loss[term] - steps[t][term])).toBeLessThan(1e-5 * steps[t].loss);
    expect(Math.abs(loss.total / steps[t].loss - 1), `loss after ${t} steps`).toBeLessThan(1e-5);
  }
  for (const held of [trainer, network, mu, image]) held.release();
});
