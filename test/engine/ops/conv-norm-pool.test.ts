import { afterEach, expect, it } from 'vitest';
import type { Gpu } from '../../../engine/gpu.ts';
import { EPS } from '../../../engine/ops/batch-statistics.ts';
import { convNormPool } from '../../../engine/ops/conv-norm-pool.ts';
import { convolveHalf } from '../../../engine/ops/convolution.ts';
import { fewVoxels } from '../../../engine/ops/convolve-few.ts';
import { type Activations, activations } from '../../../engine/ops/convolved.ts';
import type { HalfVolume } from '../../../engine/ops/half-volume.ts';
import { packWeights } from '../../../engine/ops/pack-weights.ts';
import { volumeShape } from '../../../engine/ops/shapes.ts';
import { Tape } from '../../../engine/tape.ts';
import { defaultTuning } from '../../../engine/tuning.ts';
import { half } from '../../../model/half.ts';
import { batchNormTrain, batchNormTrainGrad, runningUpdate } from '../../reference/batchnorm.ts';
import { conv3d, conv3dGrad } from '../../reference/conv3d.ts';
import { leakyRelu, leakyReluGrad } from '../../reference/leaky-relu.ts';
import { maxPool3d, maxPool3dGrad } from '../../reference/max-pool3d.ts';
import { type NdArray, ndArray, offset } from '../../reference/ndarray.ts';
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

afterEach(async () => {
  const gpu = await testGpu();
  Object.assign(gpu.tuning, defaultTuning(gpu.device));
});

const ways = [
  { by: "the device's kernels", tuning: {} },
  { by: 'patches', tuning: { weightLanes: 1, productVoxels: 0, tiles: 0 } },
  { by: 'tiles', tuning: { weightLanes: 1, productVoxels: 16, tiles: 1 } },
];

const cases = ways.flatMap((way) => activations.map((stored) => ({ ...way, stored })));

it.each(cases)(
  'a pooled sub-block in training by $by, kept in $stored: output, gradients and running statistics agree with float64 loops',
  async ({ tuning, stored }) => {
    const gpu = await testGpu();
    Object.assign(gpu.tuning, tuning);
    await property(
      volumeShapes(7, 9),
      async ({ n, ci, co, d, h, w, seed }) => {
        if (n * d * h * w < 3) return; // of two values the gradient is a difference of equals
        const x = randomArray([n, ci, d, h, w], seed);
        const weight = randomArray([co, ci, 3, 3, 3], seed + 1);
        const bias = randomArray([co], seed + 2, 1, 3); // a mean far from 0 shows cancellation
        const [gamma, beta, runningMean] = [3, 4, 5].map((i) => randomArray([co], seed + i));
        const runningVar = randomArray([co], seed + 6, 0.5, 1);
        const convolved = await kept(gpu, x, weight, bias, stored);
        const { y: normalised, mean, variance } = batchNormTrain(convolved, gamma, beta, EPS);
        const active = leakyRelu(normalised, SLOPE);
        const y = maxPool3d(active);
        const dy = randomArray(y.shape, seed + 7);
        const through = leakyReluGrad(normalised, SLOPE, maxPool3dGrad(active, dy));
        const norm = batchNormTrainGrad(convolved, gamma, EPS, through);
        const { dx, dw } = conv3dGrad(x, weight, norm.dx, 1);
        const running = {
          runningMean: upload(gpu, runningMean, 'running mean'),
          runningVar: upload(gpu, runningVar, 'running var'),
        };
        const actual = await runWithGradients(
          gpu,
          [x, weight, bias, gamma, beta],
          (tape, x, weight, bias, gamma, beta) =>
            inParts(tape, x, seed, (parts) =>
              convNormPool(tape, parts, { weight, bias, norm: { gamma, beta, ...running } }, SLOPE, stored),
            ),
          dy,
        );
        const moved = runningUpdate(
          { mean: runningMean, variance: runningVar },
          { mean, variance },
          n * d * h * w,
        );
        const floor = 1e-2 * Math.sqrt(convolved.data.length);
        expectClose(actual.output, y.data, FORWARD, 'output', Math.sqrt(y.data.length));
        expectClose(actual.gradients[0], dx.data, BACKWARD, 'input gradient', floor);
        expectClose(actual.gradients[1], dw.data, BACKWARD, 'weight gradient', floor);
        expectClose(actual.gradients[2], new Float64Array(co), 0, 'bias gradient');
        expectClose(actual.gradients[3], norm.dgamma.data, BACKWARD, 'gamma gradient', 1);
        expectClose(actual.gradients[4], norm.dbeta.data, BACKWARD, 'beta gradient', 1);
        expectClose(await gpu.read(running.runningMean), moved.mean.data, FORWARD, 'running mean');
        expectClose(await gpu.read(running.runningVar), moved.variance.data, FORWARD, 'running variance');
        running.runningMean.release();
        running.runningVar.release();
      },
      40,
    );
  },
);

/** The convolved volume as training keeps it: that of float64 loops, or the very values that stand in half precision. */
async function kept(
  gpu: Gpu,
  x: NdArray,
  weight: NdArray,
  bias: NdArray,
  stored: Activations,
): Promise<NdArray> {
  const volume = conv3d(x, weight, bias, 1);
  const [n, channels, d, h, w] = volume.shape;
  if (stored !== 'float16' || fewVoxels(gpu.tuning, { n, channels, d, h, w })) return volume;
  const tensors = [x, weight, bias].map((array) => upload(gpu, array, 'input'));
  const weights = packWeights(gpu, tensors[1], { wide: true });
  const result = convolveHalf(gpu, tensors[0], weights, 'half', tensors[2]);
  const values = await unpacked(gpu, result);
  for (const tensor of [...tensors, weights.packed, result.words]) tensor.release();
  return ndArray(volume.shape, values);
}

const BEYOND = 65504; // stands where a window reaches beyond the volume

/** A volume's values out of its windows, which must hold BEYOND wherever they reach beyond it. */
async function unpacked(gpu: Gpu, volume: HalfVolume): Promise<number[]> {
  const { n, channels, d, h, w } = volumeShape(volume);
  const read = await gpu.read(volume.words);
  const bits = new Uint16Array(read.buffer, read.byteOffset, 2 * read.length);
  const values = new Array<number>(n * channels * d * h * w);
  const windows = volume.words.shape;
  for (const [at, code] of bits.entries()) {
    let rest = Math.floor(at / 8);
    const [x, y, z, row] = [windows[4], windows[3], windows[2], Number.POSITIVE_INFINITY].map((size) => {
      const index = rest % size;
      rest = Math.floor(rest / size);
      return index;
    });
    const [iz, iy, ix] = [
      2 * z - (d % 2) + (Math.floor(at / 4) % 2),
      2 * y - (h % 2) + (Math.floor(at / 2) % 2),
      2 * x - (w % 2) + (at % 2),
    ];
    if (iz < 0 || iy < 0 || ix < 0) expect(half(code), 'beyond the volume').toBe(BEYOND);
    else values[offset([n * channels, 1, d, h, w], row, 0, iz, iy, ix)] = half(code);
  }
  return values;
}

it.each(ways)('half precision by $by holds each convolved value to its eleven bits', async ({ tuning }) => {
  const gpu = await testGpu();
  Object.assign(gpu.tuning, { ...tuning, productVoxels: 0 });
  await property(volumeShapes(7, 17), async ({ n, ci, co, d, h, w, seed }) => {
    const x = randomArray([n, ci, d, h, w], seed);
    const weight = randomArray([co, ci, 3, 3, 3], seed + 1);
    const bias = randomArray([co], seed + 2);
    const values = (await kept(gpu, x, weight, bias, 'float16')).data;
    const expected = conv3d(x, weight, bias, 1).data;
    values.forEach((value, i) => {
      expect(Math.abs(value - expected[i])).toBeLessThanOrEqual(2 ** -10 * Math.abs(expected[i]) + 1e-5);
    });
  });
});

it.each([65_490, 70_000])(
  '%d, which half precision does not hold, becomes NaN in all of its channel',
  async (much) => {
    const gpu = await testGpu();
    const of = (values: number[], shape: number[], label: string) =>
      gpu.tensor(shape, Float32Array.from(values), label);
    const image = new Array<number>(4 * 4 * 4).fill(1);
    image[37] = much;
    const x = of(image, [1, 1, 4, 4, 4], 'x');
    const kernel = new Array<number>(2 * 27).fill(0);
    kernel[13] = 1; // the first channel is x, the second nothing
    const norm = {
      gamma: of([1, 1], [2], 'gamma'),
      beta: of([0, 0], [2], 'beta'),
      runningMean: of([0, 0], [2], 'mean'),
      runningVar: of([1, 1], [2], 'var'),
    };
    const weight = of(kernel, [2, 1, 3, 3, 3], 'weight');
    const bias = of([0, 0], [2], 'bias');
    gpu.tuning.productVoxels = 0;
    const [y] = convNormPool(new Tape(gpu), [x], { weight, bias, norm }, SLOPE, 'float16');
    const values = await gpu.read(y);
    expect([...values.subarray(0, 8)].every(Number.isNaN)).toBe(true);
    expect([...values.subarray(8)]).toEqual(new Array(8).fill(0));
    for (const tensor of [x, weight, bias, y, ...Object.values(norm)]) tensor.release();
  },
);
