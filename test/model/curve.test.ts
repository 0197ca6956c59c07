import path from 'node:path';
import { expect, it } from 'vitest';
import { storageFor, writeVolume } from '../../cohort/nifti.ts';
import type { Session } from '../../cohort/session.ts';
import { ImageStore } from '../../model/images.ts';
import { softmax } from '../../model/metrics.ts';
import { readModel } from '../../model/model-file.ts';
import { Network } from '../../model/network.ts';
import { epochOrder } from '../../model/order.ts';
import { predictLogits } from '../../model/predict.ts';
import { train, trainDefaults } from '../../model/train.ts';
import { temporaryFolder } from '../cohort/raw-nifti.ts';
import { testGpu } from '../engine/gpu.ts';
import { fixtureArrays, fixtureJson, fixturePath } from './fixtures.ts';

const folder = temporaryFolder();
const arrays = fixtureArrays('curve');
const { shape, data: x } = arrays.get('x')!;
const labels = Array.from(arrays.get('labels')!.data);
const classes = ['CN', 'AD'];
const grid = {
  shape: [shape[2], shape[3], shape[4]] as const,
  affine: [-6, 0, 0, 0, 0, 6, 0, 0, 0, 0, 6, 0, 0, 0, 0, 1],
};
const voxels = x.length / shape[0];
/** PyTorch's images as files, one participant each. */
const sessions = labels.map((label, i): Session => {
  const file = path.join(folder, `${i}.nii`);
  writeVolume(file, x.slice(i * voxels, (i + 1) * voxels), { grid, storage: storageFor(grid, 'LAS') });
  const unknown = { age: null, sex: null, mmse: null, cdr: null };
  return {
    participantId: `sub-${i}`,
    sessionId: 'ses-M000',
    diagnosis: classes[label],
    path: file,
    line: i + 2,
    ...unknown,
  };
});

it("ten epochs from the same weights in the same order follow PyTorch's loss curves within 1 %", async () => {
  const { adam, batch, seed, trainImages, order, losses } = fixtureJson('curve');
  order.forEach((expected: number[], i: number) => {
    expect(epochOrder(labels.slice(0, trainImages), 'all', seed, i + 1)).toEqual(expected);
  });
  const { architecture, weights } = readModel(fixturePath('curve-initial.safetensors'));
  const network = new Network(await testGpu(), architecture, weights);
  const { epochs } = await train({
    network,
    images: new ImageStore(grid),
    train: sessions.slice(0, trainImages),
    validation: sessions.slice(trainImages),
    options: {
      ...trainDefaults,
      epochs: order.length,
      batchSize: batch,
      learningRate: adam.lr,
      weightDecay: adam.weightDecay,
      patience: 100,
      seed,
    },
  }).finally(() => network.release());
  expect(epochs).toHaveLength(10);
  epochs.forEach(({ trainLoss, validation }, i) => {
    expect(Math.abs(trainLoss / losses.train[i] - 1), `training, epoch ${i + 1}`).toBeLessThan(0.01);
    expect(Math.abs(validation.loss / losses.validation[i] - 1), `validation, epoch ${i + 1}`).toBeLessThan(
      0.01,
    );
  });
  // A curve that stays where it begins would be followed by anything.
  expect(losses.train[9]).toBeLessThan(0.7 * losses.train[0]);
});

it.each([
  ['trained there, in PyTorch', 'curve-final', 'curve'],
  ['trained here', 'trained-here', 'trained-here'],
])('a network %s says the same of images in both, within 1e-5', async (_, model, numbers) => {
  const { architecture, weights } = readModel(fixturePath(`${model}.safetensors`));
  const network = new Network(await testGpu(), architecture, weights);
  const logits = await predictLogits(network, new ImageStore(grid), sessions, 5);
  network.release();
  const expected: number[][] = fixtureJson(numbers).probabilities;
  expect(expected).toHaveLength(14);
  logits.forEach((row, i) => {
    softmax(row).forEach((p, c) => {
      expect(Math.abs(p - expected[i][c])).toBeLessThan(1e-5);
    });
  });
  // Two images at least differ: a network that is blind would pass.
  const first = expected.map(([p]) => p);
  expect(Math.max(...first) - Math.min(...first)).toBeGreaterThan(0.01);
});
