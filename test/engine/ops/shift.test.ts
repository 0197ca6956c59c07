import fc from 'fast-check';
import { expect, it } from 'vitest';
import { addNoise, gaussianNoise } from '../../../engine/ops/gaussian-noise.ts';
import { type Offset, shift } from '../../../engine/ops/shift.ts';
import { Tape } from '../../../engine/tape.ts';
import { ndArray } from '../../reference/ndarray.ts';
import { property, randomArray, runWithGradients, upload } from '../compare.ts';
import { testGpu } from '../gpu.ts';

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, value, i) => sum + value * b[i], 0);

it('moves every volume by its own offset, with zeros from outside, and its gradient back', async () => {
  const gpu = await testGpu();
  const reach = fc.integer({ min: -4, max: 4 });
  const cases = fc.record({
    shape: fc.tuple(
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 11 }),
    ),
    offsets: fc.array(fc.tuple(reach, reach, reach), { minLength: 1, maxLength: 3 }),
    seed: fc.nat(),
  });
  await property(cases, async ({ shape, offsets, seed }) => {
    const [d, h, w] = shape;
    const x = randomArray([offsets.length, 1, ...shape], seed);
    const dy = randomArray(x.shape, seed + 1);
    const { output, gradients } = await runWithGradients(gpu, [x], (tape, x) => shift(tape, x, offsets), dy);
    const expected = x.data.map((_, i) => {
      const volume = Math.floor(i / w / h / d);
      const at = [Math.floor(i / w / h) % d, Math.floor(i / w) % h, i % w];
      const [z, y, column] = at.map((u, axis) => u - offsets[volume][axis]);
      if (z < 0 || y < 0 || column < 0 || z >= d || y >= h || column >= w) return 0;
      return x.data[((volume * d + z) * h + y) * w + column];
    });
    expect(Array.from(output)).toEqual(Array.from(expected));
    // <S(x), dy> = <x, S^T(dy)>
    expect(dot(output, dy.data)).toBeCloseTo(dot(x.data, gradients[0]), 6);
    const back = offsets.map(([z, y, x]): Offset => [-z, -y, -x]);
    const moved = await runWithGradients(gpu, [dy], (tape, x) => shift(tape, x, back), x);
    expect(gradients[0]).toEqual(moved.output);
  });
  const two = gpu.full([2, 1, 2, 2, 2], 1, 'images');
  expect(() => shift(new Tape(gpu), two, [[0, 0, 0]])).toThrow(/1 offsets were given for the 2 volumes/);
  expect(() => addNoise(new Tape(gpu), two, 1, [])).toThrow(/0 draws were given for 2 samples/);
  two.release();
});

it('the noise of a sample is that of its draw, whatever is beside it, and its gradient passes', async () => {
  const gpu = await testGpu();
  const shape = [1, 3, 5, 7];
  const x = randomArray([2, ...shape], 1);
  const dy = randomArray(x.shape, 2);
  const draws = [0, 4].map((part) => ({ seed: 7, draw: 3, part }));
  const { output, gradients } = await runWithGradients(
    gpu,
    [x],
    (tape, x) => addNoise(tape, x, 0.5, draws),
    dy,
  );
  expect(gradients[0]).toEqual(Float32Array.from(dy.data));
  for (const [i, draw] of draws.entries()) {
    const alone = upload(gpu, ndArray(shape, x.data.slice(105 * i, 105 * (i + 1))), 'image');
    const noisy = gaussianNoise(gpu, alone, 0.5, draw);
    expect(output.slice(105 * i, 105 * (i + 1))).toEqual(await gpu.read(noisy));
    alone.release();
    noisy.release();
  }
});
