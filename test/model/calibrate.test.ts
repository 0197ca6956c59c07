import { expect, it } from 'vitest';
import type { Session } from '../../cohort/session.ts';
import type { Gpu } from '../../engine/gpu.ts';
import type { Architecture } from '../../model/architecture.ts';
import { calibrateNormalisation } from '../../model/calibrate.ts';
import type { ImageStore } from '../../model/images.ts';
import { Network } from '../../model/network.ts';
import { predictLogits } from '../../model/predict.ts';
import { initialWeights } from '../../model/weights.ts';
import { randomArray } from '../engine/compare.ts';
import { testGpu } from '../engine/gpu.ts';
import { batchNormTrain, runningUpdate } from '../reference/batchnorm.ts';
import { conv3d } from '../reference/conv3d.ts';
import { ndArray } from '../reference/ndarray.ts';
import { lookUp } from './random-network.ts';

it('gives batch normalisation the statistics of the images and moves nothing else; images come apart', async () => {
  const shape = [9, 8, 7] as const;
  const sessions = [0, 1, 2, 3].map((i) => ({ path: `${i}` }) as Session);
  const volumes = sessions.map((_, i) => Float32Array.from(randomArray(shape, i, 0.3 + 0.1 * i, 0.5).data));
  const place = (gpu: Gpu, batch: readonly Session[]) => {
    const data = batch.flatMap(({ path }) => [...volumes[Number(path)]]);
    return gpu.tensor([batch.length, 1, ...shape], Float32Array.from(data), 'images');
  };
  const images = {
    grid: { shape },
    voxels: shape.reduce<number>((a, b) => a * b, 1),
    announce: () => {},
    load: async ({ path }: Session) => volumes[Number(path)],
    batch: async (gpu: Gpu, batch: readonly Session[]) => place(gpu, batch),
    parts: async (gpu: Gpu, batch: readonly Session[]) => [place(gpu, batch)],
  } as unknown as ImageStore;
  const architecture: Architecture = {
    inputShape: images.grid.shape,
    channels: [2, 3, 3],
    subBlocks: [1, 1, 1],
    reduction: 'maxpool',
    fcLayers: 1,
    dropout: 0.5,
    classes: ['CN', 'AD'],
  };
  const gpu = await testGpu();
  const initial = initialWeights(architecture, 4);
  const network = new Network(gpu, architecture, initial);
  const spread = async () => {
    const scores = (await predictLogits(network, images, sessions, 4)).map((row) => row[1]);
    return Math.max(...scores) - Math.min(...scores);
  };
  const before = await spread();
  await calibrateNormalisation(network, images, sessions, sessions.length, 1);
  expect(await spread()).toBeGreaterThan(3 * before);
  const weights = await network.download();
  for (const [name, { data }] of weights)
    if (!/running|tracked/.test(name)) expect(data, name).toEqual(initial.get(name)!.data);

  // one batch holds all images, so the first layer's statistics are those of all of them
  const whole = new Float32Array(sessions.length * images.grid.shape.reduce((a, b) => a * b));
  for (const [i, session] of sessions.entries())
    whole.set(await images.load(session), (i * whole.length) / sessions.length);
  const get = lookUp(initial);
  const block = 'convolutions.conv0';
  const y = conv3d(
    ndArray([sessions.length, 1, ...images.grid.shape], whole),
    get(`${block}.0.weight`),
    get(`${block}.0.bias`),
    1,
  );
  const batch = batchNormTrain(y, get(`${block}.1.weight`), get(`${block}.1.bias`), 1e-5);
  let running = { mean: get(`${block}.1.running_mean`), variance: get(`${block}.1.running_var`) };
  for (let pass = 0; pass < 60; pass++) running = runningUpdate(running, batch, y.data.length / 2);
  weights.get(`${block}.1.running_mean`)!.data.forEach((value, c) => {
    expect(value).toBeCloseTo(running.mean.data[c], 4);
    expect(value).toBeCloseTo(batch.mean.data[c], 2);
  });
  weights.get(`${block}.1.running_var`)!.data.forEach((value, c) => {
    expect(value / running.variance.data[c]).toBeCloseTo(1, 3);
  });
  network.release();
});
