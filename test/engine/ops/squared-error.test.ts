import { expect, it } from 'vitest';
import { meanSquaredError } from '../../../engine/ops/squared-error.ts';
import { Tape } from '../../../engine/tape.ts';
import { ndArray } from '../../reference/ndarray.ts';
import * as reference from '../../reference/squared-error.ts';
import {
  BACKWARD,
  expectClose,
  FORWARD,
  property,
  randomArray,
  runWithGradients,
  upload,
  volumeShapes,
} from '../compare.ts';
import { testGpu } from '../gpu.ts';

const upstream = ndArray([1], [Math.fround(-0.7)]);

async function check(shape: readonly number[], seed: number): Promise<void> {
  const [a, b] = [randomArray(shape, seed), randomArray(shape, seed + 1)];
  const actual = await runWithGradients(await testGpu(), [a, b], meanSquaredError, upstream);
  const { da, db } = reference.meanSquaredErrorGrad(a, b, upstream.data[0]);
  expectClose(actual.output, [reference.meanSquaredError(a, b)], FORWARD, 'loss');
  expectClose(actual.gradients[0], da.data, BACKWARD, 'gradient of a', 1e-6);
  expectClose(actual.gradients[1], db.data, BACKWARD, 'gradient of b', 1e-6);
}

it('mean squared error and the gradients of both sides', async () => {
  await property(volumeShapes(7, 3), ({ n, ci, d, h, w, seed }) => check([n, ci, d, h, w], seed));
});

it('mean squared error of more elements than one chunk sums', async () => {
  await check([2, 1, 31, 37, 31], 5);
});

it('mean squared error refuses other shapes', async () => {
  const gpu = await testGpu();
  const [a, b] = [
    [2, 3],
    [3, 2],
  ].map((shape, i) => upload(gpu, randomArray(shape, i), `side ${i}`));
  expect(() => meanSquaredError(new Tape(gpu), a, b)).toThrow(/"side 0" \[2,3\] and "side 1" \[3,2\] differ/);
  a.release();
  b.release();
});
