import { expect, it } from 'vitest';
import { upsample } from '../../../engine/ops/upsample.ts';
import { Tape } from '../../../engine/tape.ts';
import * as reference from '../../reference/upsample.ts';
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

it('upsampling, odd axes without their first voxel: output and gradient', async () => {
  const gpu = await testGpu();
  await property(volumeShapes(7, 4), async ({ n, ci, d, h, w, seed }) => {
    const small = [d, h, w].map((size) => Math.ceil(size / 2));
    const x = randomArray([n, ci, ...small], seed);
    const dy = randomArray([n, ci, d, h, w], seed + 1);
    const actual = await runWithGradients(gpu, [x], (tape, x) => upsample(tape, x, [d, h, w]), dy);
    expectClose(actual.output, reference.upsample(x, [d, h, w]).data, FORWARD, 'output');
    expectClose(actual.gradients[0], reference.upsampleGrad(dy).data, BACKWARD, 'gradient');
  });
});

it('upsampling refuses a size that is not pooled to its input', async () => {
  const gpu = await testGpu();
  const x = upload(gpu, randomArray([1, 1, 2, 2, 2], 1), 'x');
  expect(() => upsample(new Tape(gpu), x, [3, 4, 5])).toThrow(/is not the pooled size of \[3,4,5\]/);
  x.release();
});
