import { expect, it } from 'vitest';
import { conv3d } from '../../../engine/ops/conv3d.ts';
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

for (const stride of [1, 2] as const) {
  it(`stride ${stride}: output and all gradients agree with float64 loops`, async () => {
    const gpu = await testGpu();
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

  it(`stride ${stride}: is adjoint to its input gradient, <conv(x), y> = <x, conv^T(y)>`, async () => {
    const gpu = await testGpu();
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

it('longer rows than a workgroup, and many channels, agree too', async () => {
  const gpu = await testGpu();
  for (const [ci, co, d, h, w] of [
    [2, 9, 3, 4, 131],
    [33, 17, 2, 3, 2],
    [1, 8, 5, 17, 67],
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
});
