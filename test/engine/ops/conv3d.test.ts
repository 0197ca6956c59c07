import { afterEach, expect, it } from 'vitest';
import { conv3d } from '../../../engine/ops/conv3d.ts';
import { defaultTuning } from '../../../engine/tuning.ts';
import * as reference from '../../reference/conv3d.ts';
import {
  BACKWARD,
  expectClose,
  FORWARD,
  property,
  randomArray,
  runWithGradients,
  volumeShapes,
} from '../compare.ts';
import { testGpu } from '../gpu.ts';

afterEach(async () => {
  const gpu = await testGpu();
  Object.assign(gpu.tuning, defaultTuning(gpu.device));
});

const ways = [
  { stride: 1, by: "the device's kernels", tuning: {} },
  { stride: 1, by: 'patches', tuning: { weightLanes: 1, productVoxels: 0, tiles: 0 } },
  { stride: 1, by: 'matrix products', tuning: { weightLanes: 1, productVoxels: 1e6, tiles: 0 } },
  { stride: 1, by: 'tiles', tuning: { weightLanes: 1, productVoxels: 0, tiles: 1 } },
  { stride: 1, by: 'split tiles', tuning: { weightLanes: 1, productVoxels: 1e6, tiles: 1 } },
  { stride: 2, by: 'strides', tuning: {} },
] as const;

for (const { stride, by, tuning } of ways) {
  it(`stride ${stride} by ${by}: output and all gradients agree with float64 loops`, async () => {
    const gpu = await testGpu();
    Object.assign(gpu.tuning, tuning);
    await property(
      volumeShapes(6, 11),
      async ({ n, ci, co, d, h, w, seed }) => {
        const x = randomArray([n, ci, d, h, w], seed);
        const weight = randomArray([co, ci, 3, 3, 3], seed + 1);
        const bias = randomArray([co], seed + 2);
        const y = reference.conv3d(x, weight, bias, stride);
        const dy = randomArray(y.shape, seed + 3);
        const expected = reference.conv3dGrad(x, weight, dy, stride);
        const actual = await runWithGradients(
          gpu,
          [x, weight, bias],
          (tape, ...t) => conv3d(tape, t[0], t[1], t[2], stride),
          dy,
        );
        expectClose(actual.output, y.data, FORWARD, 'output');
        expectClose(actual.gradients[0], expected.dx.data, BACKWARD, 'input gradient');
        expectClose(actual.gradients[1], expected.dw.data, BACKWARD, 'weight gradient');
        expectClose(actual.gradients[2], expected.db.data, BACKWARD, 'bias gradient');
      },
      40,
    );
  });

  it(`stride ${stride} by ${by}: is adjoint to its input gradient, <conv(x), y> = <x, conv^T(y)>`, async () => {
    const gpu = await testGpu();
    Object.assign(gpu.tuning, tuning);
    await property(volumeShapes(7, 9), async ({ n, ci, co, d, h, w, seed }) => {
      const x = randomArray([n, ci, d, h, w], seed);
      const weight = randomArray([co, ci, 3, 3, 3], seed + 1);
      const bias = randomArray([co], 0, 0);
      const outShape = [n, co, ...[d, h, w].map((size) => reference.convSize(size, stride))];
      const y = randomArray(outShape, seed + 2);
      const actual = await runWithGradients(
        gpu,
        [x, weight, bias],
        (tape, ...t) => conv3d(tape, t[0], t[1], t[2], stride),
        y,
      );
      const inner = (a: ArrayLike<number>, b: ArrayLike<number>) =>
        Array.from(a).reduce((sum, value, i) => sum + value * b[i], 0);
      const scale = Math.sqrt(inner(actual.output, actual.output) * inner(y.data, y.data));
      expect(Math.abs(inner(actual.output, y.data) - inner(x.data, actual.gradients[0]))).toBeLessThanOrEqual(
        1e-5 * scale + 1e-5,
      );
    });
  });
}

it.each(ways.slice(0, 5))(
  'longer rows than a workgroup, longer columns than a strip, and many channels, by $by',
  async ({ tuning }) => {
    const gpu = await testGpu();
    Object.assign(gpu.tuning, tuning);
    for (const [ci, co, d, h, w] of [
      [2, 9, 3, 4, 131],
      [33, 17, 2, 3, 2],
      [1, 8, 5, 17, 67],
      [3, 17, 1, 70, 9],
      [3, 41, 3, 5, 6],
      [9, 33, 2, 17, 19],
      [8, 7, 2, 9, 5],
    ]) {
      const x = randomArray([2, ci, d, h, w], 5);
      const weight = randomArray([co, ci, 3, 3, 3], 6);
      const bias = randomArray([co], 7);
      const y = reference.conv3d(x, weight, bias, 1);
      const dy = randomArray(y.shape, 8);
      const expected = reference.conv3dGrad(x, weight, dy, 1);
      const actual = await runWithGradients(
        gpu,
        [x, weight, bias],
        (tape, ...t) => conv3d(tape, t[0], t[1], t[2], 1),
        dy,
      );
      expectClose(actual.output, y.data, FORWARD, 'output');
      expectClose(actual.gradients[0], expected.dx.data, BACKWARD, 'input gradient');
      expectClose(actual.gradients[1], expected.dw.data, BACKWARD, 'weight gradient');
    }
  },
);
