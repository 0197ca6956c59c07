import { expect, it } from 'vitest';
import { grid1d } from '../../engine/gpu.ts';
import { conv3d } from '../../engine/ops/conv3d.ts';
import { Tape } from '../../engine/tape.ts';
import { randomArray, upload } from './compare.ts';
import { testGpu } from './gpu.ts';

it('times each kernel in the order of recording, and knows what it moves; the results are those without', async () => {
  const gpu = await testGpu();
  const [a, b] = [1, 2].map((seed) => upload(gpu, randomArray([1000], seed), 'a'));
  const y = gpu.empty([1000], 'y');
  const work = async () => {
    gpu.run('scaled_sum', {
      bindings: { a, b, y },
      params: { size: 1000, alpha: 2, beta: 3 },
      grid: grid1d(1000, 1024),
    });
    gpu.run('clamp_values', {
      bindings: { x: y },
      params: { size: 1000, low: -1, high: 1 },
      grid: [1, 1, 1],
    });
    await gpu.synchronize();
  };
  await work();
  const expected = await gpu.read(y);
  const records = await gpu.profile(work);
  expect(await gpu.read(y)).toEqual(expected);
  expect(records.map(({ kernel }) => kernel)).toEqual(['scaled_sum', 'clamp_values']);
  expect(records.map(({ bytes }) => bytes)).toEqual([3 * 4000, 2 * 4000]); // in place: read and written
  for (const { seconds } of records) expect(seconds).toBeGreaterThan(0);
  for (const tensor of [a, b, y]) tensor.release();
});

it("a convolution's operations are two for each weight and voxel", async () => {
  const gpu = await testGpu();
  const x = upload(gpu, randomArray([2, 3, 5, 6, 7], 1), 'x');
  const weight = upload(gpu, randomArray([4, 3, 3, 3, 3], 2), 'weight');
  const bias = upload(gpu, randomArray([4], 3), 'bias');
  const records = await gpu.profile(async () => {
    conv3d(new Tape(gpu), x, weight, bias, 1).release();
    await gpu.synchronize();
  });
  const operations = records.reduce((sum, record) => sum + record.operations, 0);
  expect(operations).toBe(2 * 27 * 3 * 4 * (2 * 5 * 6 * 7));
  for (const tensor of [x, weight, bias]) tensor.release();
});
