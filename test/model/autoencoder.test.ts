import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { readCohort } from '../../cohort/cohort.ts';
import { simulateCohort } from '../../cohort/simulate/index.ts';
import { meanSquaredError } from '../../engine/ops/squared-error.ts';
import { Tape } from '../../engine/tape.ts';
import { type Architecture, defaultArchitecture, subBlocks } from '../../model/architecture.ts';
import { Autoencoder, autoencoderArrays, initialAutoencoder } from '../../model/autoencoder.ts';
import { decoderLayers } from '../../model/decoder.ts';
import { ImageStore } from '../../model/images.ts';
import { type PretrainOptions, pretrain, pretrainDefaults, reconstruct } from '../../model/pretrain.ts';
import { initialWeights, type Weights, weightShapes } from '../../model/weights.ts';
import { expectClose, property, randomArray, upload } from '../engine/compare.ts';
import { testGpu } from '../engine/gpu.ts';
import { autoencoder as reference } from '../reference/autoencoder.ts';
import * as squaredError from '../reference/squared-error.ts';
import { lookUp, smallNetworks } from './random-network.ts';

const full: Architecture = { ...defaultArchitecture, inputShape: [121, 145, 121] };

describe('the encoder', () => {
  it("has the names, shapes and initial values of the network's convolutions", () => {
    fc.assert(
      fc.property(smallNetworks, ({ architecture, seed }) => {
        const own = [...weightShapes(architecture)].filter(([name]) => name.startsWith('convolutions.'));
        const arrays = autoencoderArrays(architecture);
        const encoder = [...arrays].filter(([name]) => !name.startsWith('decoder.'));
        expect(encoder.map(([name, { shape }]) => [name, shape])).toEqual(own);
        const [network, fresh] = [initialWeights(architecture, seed), initialAutoencoder(architecture, seed)];
        for (const [name] of own) expect(fresh.get(name)).toEqual(network.get(name));
      }),
      { numRuns: 30 },
    );
  });
});

describe('the decoder', () => {
  it('takes the sizes of the paper back, odd ones too', () => {
    const layers = decoderLayers(full);
    const sizes = layers.flatMap(({ upsampled }) => (upsampled ? [upsampled] : []));
    expect(sizes).toEqual([
      [2, 3, 2],
      [4, 5, 4],
      [8, 10, 8],
      [16, 19, 16],
      [31, 37, 31],
      [61, 73, 61],
      [121, 145, 121],
    ]);
    expect(layers[0]).toMatchObject({ inputs: 512, outputs: 256, convolution: 'decoder.conv6.1' });
    expect(layers.at(-1)).toMatchObject({ inputs: 8, outputs: 1, batchNorm: null });
    expect(layers.filter(({ batchNorm }) => batchNorm === null)).toHaveLength(1);
  });

  it('mirrors the encoder: channels exchanged, upsampling where it halved, names of their own', () => {
    fc.assert(
      fc.property(smallNetworks, ({ architecture }) => {
        const layers = decoderLayers(architecture);
        const mirrored = subBlocks(architecture).reverse();
        expect(layers.map(({ inputs, outputs }) => [outputs, inputs])).toEqual(
          mirrored.map(({ inputs, outputs }) => [inputs, outputs]),
        );
        expect(layers.map(({ upsampled }) => upsampled !== null)).toEqual(
          mirrored.map(({ pooled, stride }) => pooled || stride === 2),
        );
        const names = layers.flatMap(({ convolution, batchNorm }) => [convolution, batchNorm]);
        expect(new Set(names).size).toBe(names.length);
      }),
    );
  });
});

it('reconstruction, loss and all gradients agree with float64 loops, in parts too', async () => {
  const gpu = await testGpu();
  await property(
    smallNetworks,
    async ({ n, seed, largest, architecture }) => {
      const weights = randomised(initialAutoencoder(architecture, seed), seed);
      const x = randomArray([n, 1, ...architecture.inputShape], seed + 1);
      const { reconstructed, gradients: back } = reference(architecture, lookUp(weights), x);
      const expected = back(squaredError.meanSquaredErrorGrad(reconstructed, x, 1).da);

      const before = gpu.memory().liveBuffers;
      const network = new Autoencoder(gpu, architecture, weights);
      network.setTrainable(true);
      const held = upload(gpu, x, 'x');
      const tape = new Tape(gpu);
      const [y] = network.forward(tape, held, true, bindable(architecture, largest));
      const loss = meanSquaredError(tape, y, held);
      const gradients = tape.backward(loss);
      expectClose(await gpu.read(y), reconstructed.data, 1e-4, 'reconstruction');
      expectClose(await gpu.read(loss), [squaredError.meanSquaredError(reconstructed, x)], 1e-4, 'loss');
      for (const parameter of network.parameters()) {
        // as for the network: normalisation amplifies rounding where a channel's batch has few values
        const values = await gpu.read(gradients.of(parameter));
        expectClose(values, expected.get(parameter.label)!.data, 1e-4, parameter.label, 1e-1);
      }
      for (const tensor of [held, y, loss]) tensor.release();
      gradients.release();
      network.release();
      expect(gpu.memory().liveBuffers).toBe(before);
    },
    12,
  );
});

it('says which layer the device cannot bind', async () => {
  const shape: Architecture = { ...full, inputShape: [9, 9, 9], channels: [8], subBlocks: [1] };
  const gpu = await testGpu();
  const network = new Autoencoder(gpu, shape, initialAutoencoder(shape, 1));
  const x = upload(gpu, randomArray([1, 1, 9, 9, 9], 1), 'x');
  const limit = 4 * 9 ** 3 * 8 - 4;
  expect(() => network.forward(new Tape(gpu), x, false, limit)).toThrow(
    /decoder\.conv0\.1 of the autoencoder needs 23328 bytes .* the device binds 23324: use fewer channels/,
  );
  x.release();
  network.release();
});

/** No less than the decoder's largest volume of one image, which is not computed in groups of channels. */
function bindable(architecture: Architecture, largest: number): number {
  const needs = decoderLayers(architecture).map(
    ({ inputs, outputs, sizes }) => 4 * Math.max(inputs, outputs) * sizes.reduce((a, b) => a * b, 1),
  );
  return Math.max(largest, ...needs);
}

/** Batch normalisation with scales and shifts that show. */
function randomised(weights: Weights, seed: number): Weights {
  let part = seed;
  return new Map(
    [...weights].map(([name, array]) => {
      const scale = array.shape.length === 1 && /\.weight$/.test(name);
      const shift = array.shape.length === 1 && /\.bias$/.test(name);
      if (!scale && !shift) return [name, array];
      const { data } = randomArray(array.shape, part++, 0.4, scale ? 1 : 0.1);
      return [name, { ...array, data: Float32Array.from(data) }];
    }),
  );
}

describe('pretraining', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-autoencoder-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const { cohort } = simulateCohort(path.join(folder, 'cohort'), {
    participantsPerClass: 3,
    strength: 0.3,
    resolution: 6,
    seed: 3,
  });
  const { sessions } = readCohort(cohort, ['CN', 'AD']);
  const images = ImageStore.like(sessions[0]);
  const shape = { inputShape: images.grid.shape, channels: [4, 6], subBlocks: [1, 2] };

  async function run(reduction: 'maxpool' | 'stride', validation: number, options: Partial<PretrainOptions>) {
    const made = { ...shape, reduction };
    const gpu = await testGpu();
    const network = new Autoencoder(gpu, made, initialAutoencoder(made, 1));
    const settings = { ...pretrainDefaults, batchSize: 2, learningRate: 5e-3, ...options };
    const sides = { train: sessions.slice(validation), validation: sessions.slice(0, validation) };
    const result = await pretrain({ network, images, ...sides, options: settings });
    network.release();
    return { ...result, made, gpu };
  }

  it.each(['maxpool', 'stride'] as const)('with %s comes to reconstruct its images', async (reduction) => {
    const { epochs, best, weights, made, gpu } = await run(reduction, 2, { epochs: 8 });
    const losses = epochs.map(({ trainLoss }) => trainLoss);
    expect(losses.at(-1)).toBeLessThan(0.5 * losses[0]);
    const validation = epochs.map(({ validationLoss }) => validationLoss!);
    expect(best!.validationLoss).toBe(Math.min(...validation));

    const kept = new Autoencoder(gpu, made, weights);
    const errors = await Promise.all(
      sessions.slice(0, 2).map(async (session) => {
        const [image, again] = [await images.load(session), await reconstruct(kept, images, session)];
        return image.reduce((sum, value, i) => sum + (value - again[i]) ** 2, 0) / image.length;
      }),
    );
    kept.release();
    expect((errors[0] + errors[1]) / 2 / best!.validationLoss!).toBeCloseTo(1, 4);
  });

  it('without a validation side keeps the epoch of lowest training loss', async () => {
    const { epochs, best } = await run('maxpool', 0, { epochs: 3, learningRate: 0.05 });
    expect(epochs.map(({ validationLoss }) => validationLoss)).toEqual([null, null, null]);
    expect(best!.trainLoss).toBe(Math.min(...epochs.map(({ trainLoss }) => trainLoss)));
  });
});
