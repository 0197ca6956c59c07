import { expect, it } from 'vitest';
import { type BatchNormTensors, EPS } from '../../../engine/ops/batch-statistics.ts';
import { batchNorm } from '../../../engine/ops/batchnorm.ts';
import { dropout } from '../../../engine/ops/dropout.ts';
import { leakyRelu } from '../../../engine/ops/leaky-relu.ts';
import { linear } from '../../../engine/ops/linear.ts';
import { maxPool3d } from '../../../engine/ops/max-pool3d.ts';
import { reshape } from '../../../engine/ops/reshape.ts';
import { philox, seedWords } from '../../../engine/random.ts';
import { Tape } from '../../../engine/tape.ts';
import * as batchNormReference from '../../reference/batchnorm.ts';
import * as leakyReluReference from '../../reference/leaky-relu.ts';
import * as linearReference from '../../reference/linear.ts';
import * as maxPoolReference from '../../reference/max-pool3d.ts';
import { map, ndArray } from '../../reference/ndarray.ts';
import { philox4x32 } from '../../reference/philox.ts';
import {
  BACKWARD,
  expectClose,
  FORWARD,
  inParts,
  property,
  randomArray,
  runWithGradients,
  upload,
  volumeShapes,
} from '../compare.ts';
import { testGpu } from '../gpu.ts';

it('batch normalisation in training: output, gradients and running statistics', async () => {
  const gpu = await testGpu();
  await property(volumeShapes(7, 6), async ({ n, ci: c, d, h, w, seed }) => {
    if (n * d * h * w < 2) return;
    const x = randomArray([n, c, d, h, w], seed, 1, 3); // a mean far from 0 shows cancellation
    const [gamma, beta, runningMean] = [1, 2, 3].map((i) => randomArray([c], seed + i));
    const runningVar = randomArray([c], seed + 4, 0.5, 1);
    const dy = randomArray(x.shape, seed + 5);
    const running = {
      runningMean: upload(gpu, runningMean, 'running mean'),
      runningVar: upload(gpu, runningVar, 'running var'),
    };
    const actual = await runWithGradients(
      gpu,
      [x, gamma, beta],
      (tape, x, gamma, beta) =>
        inParts(tape, x, seed, (parts) =>
          batchNorm(tape, parts, { gamma, beta, ...running } as BatchNormTensors, true),
        ),
      dy,
    );
    const { y, mean, variance } = batchNormReference.batchNormTrain(x, gamma, beta, EPS);
    const expected = batchNormReference.batchNormTrainGrad(x, gamma, EPS, dy);
    const moved = batchNormReference.runningUpdate(
      { mean: runningMean, variance: runningVar },
      { mean, variance },
      x.data.length / c,
    );
    // with two values per channel the gradient is a difference of equals: what is left is rounding of x itself
    const floor = 1e-2 * Math.sqrt(x.data.length);
    expectClose(actual.output, y.data, FORWARD, 'output', Math.sqrt(x.data.length));
    expectClose(actual.gradients[0], expected.dx.data, BACKWARD, 'input gradient', floor);
    expectClose(actual.gradients[1], expected.dgamma.data, BACKWARD, 'gamma gradient', 1);
    expectClose(actual.gradients[2], expected.dbeta.data, BACKWARD, 'beta gradient');
    expectClose(await gpu.read(running.runningMean), moved.mean.data, FORWARD, 'running mean');
    expectClose(await gpu.read(running.runningVar), moved.variance.data, FORWARD, 'running variance');
    running.runningMean.release();
    running.runningVar.release();
  });
});

it('batch normalisation in evaluation: output and gradients', async () => {
  const gpu = await testGpu();
  await property(volumeShapes(7, 6), async ({ n, ci: c, d, h, w, seed }) => {
    const x = randomArray([n, c, d, h, w], seed);
    const [gamma, beta, mean] = [1, 2, 3].map((i) => randomArray([c], seed + i));
    const variance = randomArray([c], seed + 4, 0.5, 1);
    const dy = randomArray(x.shape, seed + 5);
    const running = { runningMean: upload(gpu, mean, 'mean'), runningVar: upload(gpu, variance, 'variance') };
    const actual = await runWithGradients(
      gpu,
      [x, gamma, beta],
      (tape, x, gamma, beta) => batchNorm(tape, [x], { gamma, beta, ...running }, false)[0],
      dy,
    );
    const expected = batchNormReference.batchNormEvalGrad(x, gamma, mean, variance, EPS, dy);
    expectClose(
      actual.output,
      batchNormReference.batchNormEval(x, gamma, beta, mean, variance, EPS).data,
      FORWARD,
      'output',
    );
    expectClose(actual.gradients[0], expected.dx.data, BACKWARD, 'input gradient');
    expectClose(actual.gradients[1], expected.dgamma.data, BACKWARD, 'gamma gradient');
    expectClose(actual.gradients[2], expected.dbeta.data, BACKWARD, 'beta gradient');
    running.runningMean.release();
    running.runningVar.release();
  });
});

it('batch normalisation refuses one value per channel', async () => {
  const gpu = await testGpu();
  const [x, c] = [upload(gpu, randomArray([1, 2, 1, 1, 1], 1), 'x'), upload(gpu, randomArray([2], 2), 'c')];
  const tensors = { gamma: c, beta: c, runningMean: c, runningVar: c };
  expect(() => batchNorm(new Tape(gpu), [x], tensors, true)).toThrow(/one value per channel/);
  x.release();
  c.release();
});

it('LeakyReLU', async () => {
  const gpu = await testGpu();
  await property(volumeShapes(6, 4), async ({ n, ci, d, h, w, seed }) => {
    const x = map(randomArray([n, ci, d, h, w], seed), (value, i) => (i % 7 === 0 ? 0 : value));
    const dy = randomArray(x.shape, seed + 1);
    const actual = await runWithGradients(gpu, [x], (tape, x) => leakyRelu(tape, x, 0.01), dy);
    expectClose(actual.output, leakyReluReference.leakyRelu(x, 0.01).data, FORWARD, 'output');
    expectClose(
      actual.gradients[0],
      leakyReluReference.leakyReluGrad(x, 0.01, dy).data,
      BACKWARD,
      'gradient',
    );
  });
});

it('max pooling with zero planes at the low ends, ties included', async () => {
  const gpu = await testGpu();
  await property(volumeShapes(7, 4), async ({ n, ci, d, h, w, seed }) => {
    const x = map(randomArray([n, ci, d, h, w], seed), (value) => Math.round(value * 4) / 4);
    const y = maxPoolReference.maxPool3d(x);
    const dy = randomArray(y.shape, seed + 1);
    const actual = await runWithGradients(gpu, [x], maxPool3d, dy);
    expectClose(actual.output, y.data, FORWARD, 'output');
    expectClose(actual.gradients[0], maxPoolReference.maxPool3dGrad(x, dy).data, BACKWARD, 'gradient');
  });
});

it('linear, behind a reshape', async () => {
  const gpu = await testGpu();
  await property(volumeShapes(6, 5), async ({ n, ci, co, d, h, w, seed }) => {
    const features = ci * d * h * w;
    const x = randomArray([n, ci, d, h, w], seed);
    const flat = ndArray([n, features], x.data);
    const [weight, bias] = [randomArray([co, features], seed + 1), randomArray([co], seed + 2)];
    const dy = randomArray([n, co], seed + 3);
    const expected = linearReference.linearGrad(flat, weight, dy);
    const actual = await runWithGradients(
      gpu,
      [x, weight, bias],
      (tape, x, weight, bias) => {
        const rows = reshape(tape, x, [n, features]);
        const y = linear(tape, rows, weight, bias);
        rows.release();
        return y;
      },
      dy,
    );
    expectClose(actual.output, linearReference.linear(flat, weight, bias).data, FORWARD, 'output');
    expectClose(actual.gradients[0], expected.dx.data, BACKWARD, 'input gradient');
    expectClose(actual.gradients[1], expected.dw.data, BACKWARD, 'weight gradient');
    expectClose(actual.gradients[2], expected.db.data, BACKWARD, 'bias gradient');
  });
});

it('dropout draws the words of Philox4x32-10, the same forward and backward', async () => {
  const gpu = await testGpu();
  await property(volumeShapes(6, 4), async ({ n, ci, d, h, w, seed }) => {
    const x = randomArray([n, ci, d, h, w], seed);
    const dy = randomArray(x.shape, seed + 1);
    const draw = { seed: seed * 4099, step: n + 7, layer: ci };
    const actual = await runWithGradients(gpu, [x], (tape, x) => dropout(tape, x, 0.3, draw), dy);
    const key = seedWords(draw.seed);
    const factor = (i: number) => {
      const word = philox4x32([Math.floor(i / 4), draw.step, draw.layer, 0], key)[i % 4];
      return (word >>> 8) / 2 ** 24 >= 0.3 ? 1 / 0.7 : 0;
    };
    expectClose(actual.output, map(x, (value, i) => value * factor(i)).data, FORWARD, 'output');
    expectClose(actual.gradients[0], map(dy, (value, i) => value * factor(i)).data, BACKWARD, 'gradient');
  });
});

it('the host draws the same Philox words as the reference', async () => {
  await property(volumeShapes(9, 9), async ({ seed, n, d, h }) => {
    const [counter, key] = [[seed, n, d, h], seedWords(seed * 65537)];
    expect(philox(counter, key)).toEqual([...philox4x32([seed, n, d, h], key)]);
  });
});
