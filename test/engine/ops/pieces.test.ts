import { expect, it } from 'vitest';
import { concat, releaseAll, split } from '../../../engine/ops/pieces.ts';
import { Tape } from '../../../engine/tape.ts';
import { property, randomArray, runWithGradients, upload, volumeShapes } from '../compare.ts';
import { testGpu } from '../gpu.ts';

it('what is split and put together again is the same, and so is its gradient', async () => {
  const gpu = await testGpu();
  await property(volumeShapes(3, 4), async ({ n, ci, d, h, w, seed }) => {
    const x = randomArray([n, ci, d, h, w], seed);
    const dy = randomArray(x.shape, seed + 1);
    const { output, gradients } = await runWithGradients(
      gpu,
      [x],
      (tape, x) => {
        const parts = split(
          tape,
          x,
          Array.from({ length: n }, () => [1, ci, d, h, w]),
        );
        const whole = concat(tape, parts, x.shape);
        releaseAll(parts);
        return whole;
      },
      dy,
    );
    expect(output).toEqual(Float32Array.from(x.data));
    expect(gradients[0]).toEqual(Float32Array.from(dy.data));
  });
});

it('a piece that the result does not depend on has a gradient of zeros', async () => {
  const gpu = await testGpu();
  const { gradients } = await runWithGradients(
    gpu,
    [randomArray([5], 1)],
    (tape, x) => {
      const [first, second] = split(tape, x, [[2], [3]]);
      first.release();
      return second;
    },
    randomArray([3], 2),
  );
  expect([...gradients[0]]).toEqual([0, 0, ...randomArray([3], 2).data]);
});

it('pieces that do not make up the whole are refused', async () => {
  const gpu = await testGpu();
  const x = upload(gpu, randomArray([5], 1), 'x');
  expect(() => split(new Tape(gpu), x, [[2], [2]])).toThrow(/2 \+ 2 values do not make up "x"/);
  x.release();
});
