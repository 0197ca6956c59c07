import { it } from 'vitest';
import { EPS } from '../../../engine/ops/batch-statistics.ts';
import { normPool } from '../../../engine/ops/norm-pool.ts';
import { batchNormTrain, batchNormTrainGrad, runningUpdate } from '../../reference/batchnorm.ts';
import { leakyRelu, leakyReluGrad } from '../../reference/leaky-relu.ts';
import { maxPool3d, maxPool3dGrad } from '../../reference/max-pool3d.ts';
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

const SLOPE = 0.01;

it('normalising, LeakyReLU and pooling in one: output, gradients and running statistics agree with the three in float64', async () => {
  const gpu = await testGpu();
  await property(
    volumeShapes(9, 6),
    async ({ n, ci: c, d, h, w, seed }) => {
      if (n * d * h * w < 3) return; // of two values the gradient is a difference of equals
      const x = randomArray([n, c, d, h, w], seed, 1, 3); // a mean far from 0 shows cancellation
      const [gamma, beta, runningMean] = [1, 2, 3].map((i) => randomArray([c], seed + i));
      const runningVar = randomArray([c], seed + 4, 0.5, 1);
      const { y: normalised, mean, variance } = batchNormTrain(x, gamma, beta, EPS);
      const active = leakyRelu(normalised, SLOPE);
      const y = maxPool3d(active);
      const dy = randomArray(y.shape, seed + 5);
      const dactive = maxPool3dGrad(active, dy);
      const expected = batchNormTrainGrad(x, gamma, EPS, leakyReluGrad(normalised, SLOPE, dactive));
      const running = {
        runningMean: upload(gpu, runningMean, 'running mean'),
        runningVar: upload(gpu, runningVar, 'running var'),
      };
      const actual = await runWithGradients(
        gpu,
        [x, gamma, beta],
        (tape, x, gamma, beta) =>
          inParts(tape, x, seed, (parts) => normPool(tape, parts, { gamma, beta, ...running }, SLOPE)),
        dy,
      );
      const moved = runningUpdate(
        { mean: runningMean, variance: runningVar },
        { mean, variance },
        x.data.length / c,
      );
      const floor = 1e-2 * Math.sqrt(x.data.length);
      expectClose(actual.output, y.data, FORWARD, 'output', Math.sqrt(x.data.length));
      expectClose(actual.gradients[0], expected.dx.data, BACKWARD, 'input gradient', floor);
      expectClose(actual.gradients[1], expected.dgamma.data, BACKWARD, 'gamma gradient', 1);
      expectClose(actual.gradients[2], expected.dbeta.data, BACKWARD, 'beta gradient');
      expectClose(await gpu.read(running.runningMean), moved.mean.data, FORWARD, 'running mean');
      expectClose(await gpu.read(running.runningVar), moved.variance.data, FORWARD, 'running variance');
      running.runningMean.release();
      running.runningVar.release();
    },
    60,
  );
});
