import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Gpu } from '../../../engine/gpu.ts';
import { scoreKinds } from '../../../engine/ops/class-score.ts';
import { gradCam } from '../../../masking/attribution/grad-cam.ts';
import { gradient, smoothGrad } from '../../../masking/attribution/gradient.ts';
import { attribution } from '../../../masking/attribution/index.ts';
import { integratedGradients } from '../../../masking/attribution/integrated.ts';
import { occlusion } from '../../../masking/attribution/occlusion.ts';
import { asMask } from '../../../masking/attribution/scaled.ts';
import type { Subject } from '../../../masking/attribution/subject.ts';
import { blockGeometry, upsample } from '../../../masking/attribution/upsample.ts';
import { type Architecture, subBlocks } from '../../../model/architecture.ts';
import { softmax } from '../../../model/metrics.ts';
import { Network } from '../../../model/network.ts';
import { expectClose, property, randomArray } from '../../engine/compare.ts';
import { boundTo, testGpu } from '../../engine/gpu.ts';
import { lookUp, randomWeights, smallNetworks } from '../../model/random-network.ts';
import { numericalGradient } from '../../reference/finite-difference.ts';
import { type NdArray, ndArray } from '../../reference/ndarray.ts';
import { network as reference } from '../../reference/network.ts';

const architecture: Architecture = {
  inputShape: [5, 4, 3],
  channels: [2, 3],
  subBlocks: [1, 2],
  reduction: 'maxpool',
  fcLayers: 2,
  dropout: 0,
  classes: ['CN', 'AD'],
};

/** A network, an image, and what float64 loops say of the score. */
async function subject(
  of: Architecture,
  seed: number,
  score: Subject['score'] = 'logit',
  mu: Subject['mu'] = 1,
  on?: Gpu,
) {
  const gpu = on ?? (await testGpu());
  const weights = randomWeights(of, seed);
  const network = new Network(gpu, of, weights);
  const image = randomArray([1, 1, ...of.inputShape], seed + 1, 0.5, 0.5);
  const scoreOf = (x: NdArray) => {
    const { data } = reference(of, lookUp(weights), x, false).logits;
    if (score === 'logit') return data[1];
    const probability = softmax(data)[1];
    return score === 'probability' ? probability : Math.log(probability);
  };
  const slopeOf = (x: NdArray) =>
    reference(of, lookUp(weights), x, false).gradients(ndArray([1, 2], [0, 1])).input; // of the logit
  const given: Subject = { network, classIndex: 1, score, mu };
  return { gpu, weights, network, image, scoreOf, slopeOf, given, x: Float32Array.from(image.data) };
}

it("the gradient of the image is the score's finite difference, whatever the score", async () => {
  for (const score of scoreKinds) {
    const { network, image, scoreOf, given, x } = await subject(architecture, 3, score);
    const slope = numericalGradient(() => scoreOf(image), image);
    expectClose(await gradient(given, x, { timesInput: false }), slope.data.map(Math.abs), 1e-4, score, 1e-6);
    expectClose(
      await gradient(given, x, { timesInput: true }),
      slope.data.map((value, u) => value * image.data[u]),
      1e-4,
      `${score} times input`,
      1e-6,
    );
    network.release();
  }
});

it('integrated gradients are the mean slope on the way from mu, and sum to the difference of the scores', async () => {
  const volume = Float32Array.from(randomArray(architecture.inputShape, 8, 0.5, 0.5).data);
  for (const mu of [0, 1, volume] as const) {
    const { network, image, scoreOf, slopeOf, given, x } = await subject(architecture, 5, 'logit', mu);
    const at = (u: number) => (typeof mu === 'number' ? mu : mu[u]);
    const baseline = ndArray(
      image.shape,
      image.data.map((_, u) => at(u)),
    );
    const few = await integratedGradients(given, x, { steps: 3, batchSize: 2 });
    const expected = new Float64Array(x.length);
    for (let k = 0; k < 3; k++) {
      const share = (k + 0.5) / 3;
      const between = ndArray(
        image.shape,
        image.data.map((value, u) => at(u) + share * (value - at(u))),
      );
      slopeOf(between).data.forEach((slope, u) => {
        expected[u] += ((image.data[u] - at(u)) * slope) / 3;
      });
    }
    expectClose(few.map, expected, 1e-4, 'map', 1e-6);
    const many = await integratedGradients(given, x, { steps: 400, batchSize: 50 });
    const difference = scoreOf(image) - scoreOf(baseline);
    expect(many.completeness.difference).toBeCloseTo(difference, 4);
    expect(Math.abs(many.completeness.sum - difference)).toBeLessThan(
      0.01 * Math.max(0.1, Math.abs(difference)),
    );
    expect(many.completeness.sum).toBeCloseTo(
      many.map.reduce((sum, value) => sum + value, 0),
      6,
    );
    network.release();
  }
});

it('SmoothGrad without noise is the gradient; with noise it is a mean over draws, the same for the same seed', async () => {
  const { network, given, x } = await subject(architecture, 7);
  const plain = await gradient(given, x, { timesInput: false });
  const options = { timesInput: false, samples: 4, noise: 1e-9, seed: 1 };
  expectClose(await smoothGrad(given, x, options), plain, 1e-4, 'no noise');
  const noisy = { ...options, noise: 0.5 };
  const once = await smoothGrad(given, x, noisy);
  expect(await smoothGrad(given, x, noisy)).toEqual(once);
  for (const other of [
    await smoothGrad(given, x, { ...noisy, seed: 2 }),
    await smoothGrad(given, x, noisy, 1),
    await smoothGrad(given, x, { ...noisy, samples: 3 }),
    plain,
  ])
    expect(other).not.toEqual(once);
  network.release();
});

it('occlusion is the mean fall of the score over the cubes that cover a voxel', async () => {
  const gpu = await testGpu();
  await property(
    fc.record({
      cube: fc.tuple(...[1, 2, 3].map(() => fc.integer({ min: 2, max: 4 }))),
      step: fc.integer({ min: 1, max: 2 }),
      batchSize: fc.integer({ min: 1, max: 7 }),
      seed: fc.nat({ max: 1000 }),
    }),
    async ({ cube, step, batchSize, seed }) => {
      const small: Architecture = {
        ...architecture,
        inputShape: [5, 4, 6],
        channels: [2],
        subBlocks: [1],
        fcLayers: 1,
      };
      const { network, image, scoreOf, x } = await subject(small, seed);
      for (let u = 0; u < 60; u++) image.data[u] = x[u] = 0; // half of the image is empty
      const mu = Float32Array.from(randomArray(small.inputShape, seed + 9).data);
      const before = gpu.memory().liveBuffers;
      const map = await occlusion({ network, classIndex: 1, score: 'logit', mu }, x, {
        cube: cube as [number, number, number],
        stride: [step, step, step],
        batchSize,
      });
      const [nx, ny, nz] = small.inputShape;
      const falls: number[][] = Array.from(x, () => []);
      const starts = (size: number, edge: number) => {
        const list = [0];
        while (list[list.length - 1] + edge < size) list.push(list[list.length - 1] + step);
        return list;
      };
      for (const a of starts(nx, cube[0]))
        for (const b of starts(ny, cube[1]))
          for (const c of starts(nz, cube[2])) {
            const hidden = ndArray(image.shape, [...image.data]);
            const inside: number[] = [];
            for (let u = 0; u < x.length; u++) {
              const at = [Math.floor(u / (ny * nz)), Math.floor(u / nz) % ny, u % nz];
              if ([a, b, c].every((low, axis) => at[axis] >= low && at[axis] < low + cube[axis]))
                inside.push(u);
            }
            for (const u of inside) hidden.data[u] = mu[u];
            const empty = inside.every((u) => image.data[u] === 0);
            const fall = empty ? 0 : scoreOf(image) - scoreOf(hidden);
            for (const u of inside) falls[u].push(fall);
          }
      const expected = falls.map((list) => list.reduce((sum, value) => sum + value, 0) / list.length);
      expectClose(map, expected, 1e-4, 'occlusion', 1e-2);
      network.release();
      expect(gpu.memory().liveBuffers).toBeLessThanOrEqual(before);
    },
    6,
  );
});

it.each(['smoothgrad', 'integrated-gradients', 'occlusion'] as const)(
  '%s can be stopped before an image is done',
  async (method) => {
    const { network, given, x } = await subject(architecture, 5);
    const options = {
      timesInput: false,
      samples: 9,
      noise: 0.1,
      seed: 1,
      steps: 9,
      batchSize: 2,
      block: null,
    };
    const cubes = { cube: [2, 2, 2], stride: [1, 1, 1] } as const;
    const shares: number[] = [];
    const onProgress = (share: number) => {
      shares.push(share);
      if (shares.length === 2) throw new Error('stopped');
    };
    await expect(attribution(method, given, x, { ...options, ...cubes }, 0, onProgress)).rejects.toThrow(
      'stopped',
    );
    expect(shares[1]).toBeLessThan(0.5);
    network.release();
  },
);

it('on a device that binds one image at once, batches are of one, with the same bits', async () => {
  const tiny = await boundTo(1.5 * 4 * 9 ** 3);
  const maps = async (gpu: Gpu) => {
    const narrow: Architecture = { ...architecture, inputShape: [9, 9, 9], channels: [1, 1] };
    const { network, given, x } = await subject(narrow, 5, 'logit', 1, gpu);
    const integrated = await integratedGradients(given, x, { steps: 4, batchSize: 4 });
    const cubes = { cube: [4, 4, 4], stride: [3, 3, 3], batchSize: 8 } as const;
    const occluded = await occlusion(given, x, cubes);
    network.release();
    return { integrated, occluded };
  };
  expect(await maps(tiny)).toEqual(await maps(await testGpu()));
});

it('Grad-CAM weighs the activations of a block by the mean of their gradients', async () => {
  const gpu = await testGpu();
  await property(
    smallNetworks,
    async ({ seed, architecture: of }) => {
      const before = gpu.memory().liveBuffers;
      const { weights, network, image, given, x } = await subject(of, seed);
      for (let block = 0; block < of.channels.length; block++) {
        const { activations, slopes } = blockReference(of, weights, image, block);
        const [, channels, ...shape] = activations.shape;
        const voxels = shape.reduce((product, size) => product * size, 1);
        const map = new Float32Array(voxels);
        for (let c = 0; c < channels; c++) {
          const weight =
            slopes.data.slice(c * voxels, (c + 1) * voxels).reduce((sum, value) => sum + value, 0) / voxels;
          for (let u = 0; u < voxels; u++) map[u] += weight * activations.data[c * voxels + u];
        }
        const geometry = blockGeometry(of, block);
        expect(geometry.shape).toEqual(shape);
        const expected = upsample(
          map.map((value) => Math.max(0, value)),
          geometry,
          of.inputShape,
        );
        expectClose(await gradCam(given, x, { block }), expected, 1e-4, `block ${block}`, 1e-2);
      }
      network.release();
      expect(gpu.memory().liveBuffers).toBe(before);
    },
    8,
  );
});

/** A block's output and the score's gradient there, by running the reference in two pieces. */
function blockReference(
  of: Architecture,
  weights: ReturnType<typeof randomWeights>,
  image: NdArray,
  block: number,
) {
  const get = lookUp(weights);
  const first = subBlocks({
    ...of,
    channels: of.channels.slice(0, block + 1),
    subBlocks: of.subBlocks.slice(0, block + 1),
  });
  const whole = reference(of, get, image, false, first.length);
  const slopes = whole.gradients(ndArray([1, 2], [0, 1])).middle;
  return { activations: whole.middle!, slopes: slopes! };
}

it('a coarse map comes back to where pooling took it from: odd axes have a plane of zeros at the low end', () => {
  const odd: Architecture = { ...architecture, inputShape: [5, 4, 1], channels: [1, 1], subBlocks: [1, 1] };
  const first = blockGeometry(odd, 0);
  expect(first).toEqual({ shape: [3, 2, 1], scale: 2, offset: [-0.5, 0.5, -0.5] });
  // 5 -> 3 -> 2: the second level's voxels join planes (zeros, 0) and (1, 2) of the first, which begins at -0.5 by twos
  expect(blockGeometry(odd, 1)).toEqual({ shape: [2, 1, 1], scale: 4, offset: [-1.5, 1.5, -1.5] });
  expect(blockGeometry({ ...odd, reduction: 'stride' }, 1)).toEqual({
    shape: [2, 1, 1],
    scale: 4,
    offset: [0, 0, 0],
  });

  // a map that is linear in the place of each voxel's centre is that line again, between the outermost centres
  const geometry = blockGeometry({ ...odd, inputShape: [9, 9, 9] }, 0);
  const place = (i: number) => geometry.offset[0] + geometry.scale * i;
  const line = new Float32Array(125);
  for (let x = 0; x < 5; x++)
    for (let y = 0; y < 5; y++)
      for (let z = 0; z < 5; z++) line[(x * 5 + y) * 5 + z] = place(x) + 10 * place(y) + 100 * place(z);
  const fine = upsample(line, geometry, [9, 9, 9]);
  for (let x = 0; x < 8; x++)
    for (let y = 0; y < 8; y++)
      for (let z = 0; z < 8; z++) expect(fine[(x * 9 + y) * 9 + z]).toBeCloseTo(x + 10 * y + 100 * z, 4);
  expect(fine[(8 * 9 + 0) * 9 + 0]).toBeCloseTo(place(4), 5); // beyond the last centre the nearest value
});

it('a map as a mask is 1 where nothing speaks for the class and 0 at its strongest voxel', () => {
  expect([...asMask(Float32Array.of(-3, 0, 1, 4))]).toEqual([1, 1, 0.75, 0]);
  expect([...asMask(Float32Array.of(-1, 0))]).toEqual([1, 1]);
});
