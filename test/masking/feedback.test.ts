import { expect, it } from 'vitest';
import { fedBack, feedBack } from '../../masking/feedback.ts';
import { expectClose, randomArray, upload } from '../engine/compare.ts';
import { testGpu } from '../engine/gpu.ts';

it('masks about the share of the images that was asked for, others at every step, the same for the same seed', () => {
  const draw = (seed: number) =>
    Array.from({ length: 200 }, (_, step) => fedBack({ share: 0.3, seed }, step, 8));
  const chosen = draw(1).flat().filter(Boolean).length / 1600;
  expect(Math.abs(chosen - 0.3)).toBeLessThan(4 * Math.sqrt((0.3 * 0.7) / 1600));
  expect(draw(1)).toEqual(draw(1));
  expect(draw(2)).not.toEqual(draw(1));
  expect(new Set(draw(1).map((step) => step.join())).size).toBeGreaterThan(20);
  expect(fedBack({ share: 1, seed: 5 }, 3, 4)).toEqual([true, true, true, true]);
});

it('chosen images come under the mask, the others stay', async () => {
  const gpu = await testGpu();
  const before = gpu.memory().liveBuffers;
  const [x, m, mu] = [
    randomArray([6, 1, 2, 3, 5], 1),
    randomArray([2, 3, 5], 2, 0.5, 0.5),
    randomArray([2, 3, 5], 3),
  ];
  const [images, mask, hidden] = [upload(gpu, x, 'x'), upload(gpu, m, 'm'), upload(gpu, mu, 'mu')];
  const step = 2;
  const chosen = fedBack({ share: 0.5, seed: 4 }, step, 6);
  expect(new Set(chosen).size).toBe(2); // both kinds are there
  feedBack({ mask, mu: hidden, share: 0.5, seed: 4 }, images, step, gpu);
  const expected = x.data.map((value, i) => {
    const u = i % 30;
    return chosen[Math.floor(i / 30)] ? m.data[u] * value + (1 - m.data[u]) * mu.data[u] : value;
  });
  expectClose(await gpu.read(images), expected, 1e-6, 'images');
  const parts = [0, 2].map((first, i) => {
    const count = [2, 4][i];
    const values = Float32Array.from(x.data).subarray(first * 30, (first + count) * 30);
    return gpu.tensor([count, 1, 2, 3, 5], values, 'part');
  });
  feedBack({ mask, mu: hidden, share: 0.5, seed: 4 }, parts, step, gpu);
  const inParts = (await gpu.readAll(parts)).flatMap((values) => [...values]);
  expect(inParts).toEqual([...(await gpu.read(images))]);
  for (const tensor of [images, ...parts, mask, hidden]) tensor.release();
  expect(gpu.memory().liveBuffers).toBe(before);
});
