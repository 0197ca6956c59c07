import { afterEach, describe, expect, it } from 'vitest';
import type { Gpu } from '../../../engine/gpu.ts';
import { EPS } from '../../../engine/ops/batch-statistics.ts';
import { convBlock, FoldedConvolution } from '../../../engine/ops/conv-block.ts';
import { defaultTuning } from '../../../engine/tuning.ts';
import { batchNormEval, batchNormEvalGrad } from '../../reference/batchnorm.ts';
import { conv3d, conv3dGrad } from '../../reference/conv3d.ts';
import { leakyRelu, leakyReluGrad } from '../../reference/leaky-relu.ts';
import { maxPool3d, maxPool3dGrad } from '../../reference/max-pool3d.ts';
import { ndArray } from '../../reference/ndarray.ts';
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

const SLOPE = 0.01;

afterEach(async () => {
  const gpu = await testGpu();
  Object.assign(gpu.tuning, defaultTuning(gpu.device));
});

/** The same block as four float64 operations, with its input gradient. */
function reference(
  { x, weight, bias, gamma, beta, mean, variance }: Record<string, ReturnType<typeof randomArray>>,
  pooled: boolean,
) {
  const convolved = conv3d(x, weight, bias, 1);
  const normalised = batchNormEval(convolved, gamma, beta, mean, variance, EPS);
  const active = leakyRelu(normalised, SLOPE);
  const inputGradient = (dy: ReturnType<typeof randomArray>) => {
    const dactive = pooled ? maxPool3dGrad(active, dy) : dy;
    const dnormalised = leakyReluGrad(normalised, SLOPE, dactive);
    const dconvolved = batchNormEvalGrad(convolved, gamma, mean, variance, EPS, dnormalised).dx;
    return conv3dGrad(x, weight, dconvolved, 1).dx;
  };
  return { y: pooled ? maxPool3d(active) : active, inputGradient };
}

/** Output and input gradient of the block, of a whole batch and of its last sample alone. */
async function check(
  gpu: Gpu,
  { n, ci, co, d, h, w, seed }: { [K in 'n' | 'ci' | 'co' | 'd' | 'h' | 'w' | 'seed']: number },
  pooled: boolean,
): Promise<void> {
  const arrays = {
    x: randomArray([n, ci, d, h, w], seed),
    weight: randomArray([co, ci, 3, 3, 3], seed + 1),
    bias: randomArray([co], seed + 2),
    gamma: randomArray([co], seed + 3),
    beta: randomArray([co], seed + 4),
    mean: randomArray([co], seed + 5),
    variance: randomArray([co], seed + 6, 0.5, 1),
  };
  const { y, inputGradient } = reference(arrays, pooled);
  const dy = randomArray(y.shape, seed + 7);
  const held = Object.entries(arrays).filter(([name]) => name !== 'x');
  const tensors = Object.fromEntries(held.map(([name, array]) => [name, upload(gpu, array, name)]));
  const { weight, bias, gamma, beta, mean, variance } = tensors;
  const folded = new FoldedConvolution(gpu, weight, bias, {
    gamma,
    beta,
    runningMean: mean,
    runningVar: variance,
  });
  folded.backward(); // packs now, so that the count of buffers below is the block's own
  const actual = await runWithGradients(
    gpu,
    [arrays.x],
    (tape, x) => convBlock(tape, x, folded, SLOPE, pooled),
    dy,
  );
  const last = ({ data, shape }: typeof dy) =>
    ndArray([1, ...shape.slice(1)], data.slice((data.length / n) * (n - 1)));
  const alone = await runWithGradients(
    gpu,
    [last(arrays.x)],
    (tape, x) => convBlock(tape, x, folded, SLOPE, pooled),
    last(dy),
  );
  const end = (values: Float32Array) => values.slice((values.length / n) * (n - 1));
  expect(alone.output).toEqual(end(actual.output));
  expect(alone.gradients[0]).toEqual(end(actual.gradients[0]));
  folded.release();
  for (const tensor of Object.values(tensors)) tensor.release();
  expectClose(actual.output, y.data, FORWARD, 'output');
  expectClose(actual.gradients[0], inputGradient(dy).data, BACKWARD, 'input gradient');
}

const tunings = [
  { by: "the device's kernels", tuning: {} },
  { by: 'patches', tuning: { weightLanes: 1, productVoxels: 0, tiles: 0 } },
  { by: 'tiles', tuning: { weightLanes: 1, productVoxels: 0, tiles: 1 } },
  { by: 'split tiles', tuning: { weightLanes: 1, productVoxels: 1e6, tiles: 1, parallelGroups: 8 } },
  { by: 'matrix products', tuning: { weightLanes: 1, productVoxels: 1e6, tiles: 0, parallelGroups: 8 } },
];

describe.each(tunings.flatMap((one) => [true, false].map((pooled) => ({ ...one, pooled }))))(
  'block in evaluation, pooled: $pooled, by $by',
  ({ pooled, tuning }) => {
    it('output and input gradient agree with float64, and are those of each sample by itself', async () => {
      const gpu = await testGpu();
      Object.assign(gpu.tuning, tuning);
      await property(volumeShapes(7, 11), (shape) => check(gpu, shape, pooled), 25);
    });
  },
);

it('more channels than a workgroup has in one go, by tiles', async () => {
  const gpu = await testGpu();
  Object.assign(gpu.tuning, { weightLanes: 1, productVoxels: 0, tiles: 1 });
  for (const pooled of [true, false])
    await check(gpu, { n: 2, ci: 3, co: 75, d: 5, h: 4, w: 11, seed: 1 }, pooled);
});
