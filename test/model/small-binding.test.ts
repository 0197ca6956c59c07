import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCohort } from '../../cohort/cohort.ts';
import type { Session } from '../../cohort/session.ts';
import { simulateCohort } from '../../cohort/simulate/index.ts';
import type { Gpu } from '../../engine/gpu.ts';
import { partsOf, releaseAll } from '../../engine/ops/pieces.ts';
import { Tape } from '../../engine/tape.ts';
import type { Architecture } from '../../model/architecture.ts';
import { Autoencoder, initialAutoencoder } from '../../model/autoencoder.ts';
import { calibrateNormalisation } from '../../model/calibrate.ts';
import { explain, LossError } from '../../model/failure.ts';
import { ImageStore } from '../../model/images.ts';
import { Network } from '../../model/network.ts';
import { imagesAtOnce } from '../../model/partition.ts';
import { predictLogits } from '../../model/predict.ts';
import { pretrain, pretrainDefaults, reconstructionLoss } from '../../model/pretrain.ts';
import { train, trainDefaults } from '../../model/train.ts';
import { initialWeights } from '../../model/weights.ts';
import { expectClose } from '../engine/compare.ts';
import { boundTo, testGpu } from '../engine/gpu.ts';
import { randomWeights } from './random-network.ts';

// As images of 1 mm are to a device that binds 128 MiB: it binds three of them, and less than the first layer gives of one.
const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-small-binding-'));
afterAll(() => rmSync(folder, { recursive: true }));
const { cohort } = simulateCohort(path.join(folder, 'cohort'), {
  participantsPerClass: 6,
  strength: 0.3,
  resolution: 6,
  seed: 3,
});
const { sessions } = readCohort(cohort, ['CN', 'AD']);
const images = ImageStore.of(sessions);
const voxels = images.grid.shape.reduce((product, size) => product * size, 1);
const architecture: Architecture = {
  inputShape: images.grid.shape,
  channels: [5, 6],
  subBlocks: [1, 1],
  reduction: 'maxpool',
  fcLayers: 1,
  dropout: 0.5,
  classes: ['CN', 'AD'],
};

let whole: Gpu;
let narrow: Gpu;
beforeAll(async () => {
  whole = await testGpu();
  narrow = await boundTo(4 * 3.9 * voxels);
  expect(imagesAtOnce(images.grid.shape, narrow.largestTensor)).toBe(3);
  expect(() => narrow.empty([8, 1, ...images.grid.shape], 'images')).toThrow(/binds at most/);
});

it('a batch comes in parts, as even as can be, with the values of the whole', async () => {
  const parts = await images.parts(narrow, sessions.slice(0, 8));
  expect(parts.map(({ shape }) => shape[0])).toEqual([2, 3, 3]);
  const all = await images.batch(whole, sessions.slice(0, 8));
  const values = (await narrow.readAll(parts)).flatMap((part) => [...part]);
  expect(values).toEqual([...(await whole.read(all))]);
  releaseAll([...parts, all]);
});

it('predictions have the same bits, whatever batch is asked for', async () => {
  const predictions = async (gpu: Gpu, batchSize: number) => {
    const network = new Network(gpu, architecture, randomWeights(architecture, 2));
    const logits = await predictLogits(network, images, sessions, batchSize);
    network.release();
    return logits;
  };
  const expected = await predictions(whole, 1);
  expect(await predictions(narrow, 8)).toEqual(expected);
  expect(await predictions(narrow, 100)).toEqual(expected);
});

describe('training', () => {
  /** Weights and losses after two steps of eight and four images, and the validation behind them. */
  const trained = async (gpu: Gpu) => {
    const network = new Network(gpu, architecture, initialWeights(architecture, 1));
    const options = { ...trainDefaults, epochs: 2, learningRate: 1e-3 };
    const split = { train: sessions.slice(0, 10), validation: sessions.slice(10) };
    const result = await train({ network, images, ...split, options });
    network.release();
    return result;
  };

  it('by whole batches gives what it gives where the device binds them, but for the order of sums', async () => {
    const [expected, found] = [await trained(whole), await trained(narrow)];
    for (const [i, epoch] of found.epochs.entries()) {
      expectClose([epoch.trainLoss], [expected.epochs[i].trainLoss], 1e-3, `loss of epoch ${i + 1}`);
      expectClose([epoch.validation.loss], [expected.epochs[i].validation.loss], 1e-3, 'validation');
    }
  });

  it('gives the same statistics of batch normalisation', async () => {
    const calibrated = async (gpu: Gpu) => {
      const network = new Network(gpu, architecture, initialWeights(architecture, 1));
      await calibrateNormalisation(network, images, sessions.slice(0, 4), 8, 0);
      const weights = await network.download();
      network.release();
      return weights;
    };
    const [expected, found] = [await calibrated(whole), await calibrated(narrow)];
    for (const [name, { data }] of expected)
      if (/running/.test(name)) expectClose(found.get(name)!.data, data, 1e-4, name);
  });

  it('that fails still finds the image at fault', async () => {
    const tiny = await boundTo(4 * 1.5 * voxels); // not even the pair of one image that is looked at
    const network = new Network(tiny, architecture, initialWeights(architecture, 1));
    const batch: readonly Session[] = sessions.slice(0, 2);
    const error = new LossError('training step 1', Number.NaN, batch);
    const found = await explain(error, network, images, initialWeights(architecture, 1));
    expect(found.message).toMatch(/none of them did so/);
    network.release();
  });
});

it('an autoencoder is trained by whole batches too', async () => {
  const shape: Architecture = { ...architecture, channels: [3, 4] }; // its decoder takes three volumes of an image
  const losses = async (gpu: Gpu) => {
    const network = new Autoencoder(gpu, shape, initialAutoencoder(shape, 1));
    const parts = await images.parts(gpu, sessions.slice(0, 8));
    const rebuilt = network.forward(new Tape(gpu), parts, true);
    expect(rebuilt.map((part) => part.shape)).toEqual(partsOf(parts).map((part) => part.shape));
    const loss = reconstructionLoss(new Tape(gpu), rebuilt, parts);
    const [first] = await gpu.read(loss);
    releaseAll([...parts, ...rebuilt, loss]);
    const options = { ...pretrainDefaults, epochs: 2 };
    const { epochs } = await pretrain({
      network,
      images,
      train: sessions.slice(0, 8),
      validation: sessions.slice(8),
      options,
    });
    network.release();
    return [first, ...epochs.flatMap(({ trainLoss, validationLoss }) => [trainLoss, validationLoss!])];
  };
  expectClose(await losses(narrow), await losses(whole), 1e-3, 'losses');
});
