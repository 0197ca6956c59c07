import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { adamStep } from './adam.ts';
import {
  batchNormEval,
  batchNormEvalGrad,
  batchNormTrain,
  batchNormTrainGrad,
  runningUpdate,
  valuesPerChannel,
} from './batchnorm.ts';
import { classScore, classScoreGrad } from './class-score.ts';
import { conv3d, conv3dGrad } from './conv3d.ts';
import { leakyRelu, leakyReluGrad } from './leaky-relu.ts';
import { linear, linearGrad } from './linear.ts';
import { maskBlend, maskBlendGrad } from './mask-blend.ts';
import { maskSize, maskSizeGrad } from './mask-size.ts';
import { maxPool3d, maxPool3dGrad } from './max-pool3d.ts';
import { type NdArray, ndArray } from './ndarray.ts';
import { softmaxCrossEntropy, softmaxCrossEntropyGrad } from './softmax-cross-entropy.ts';
import { meanSquaredError, meanSquaredErrorGrad } from './squared-error.ts';
import { totalVariation, totalVariationGrad } from './total-variation.ts';
import { upsample, upsampleGrad } from './upsample.ts';

const folder = new URL('../fixtures/', import.meta.url);
const numbers = JSON.parse(readFileSync(new URL('operations.json', folder), 'utf8'));
const tensors = readTensors(readFileSync(new URL('operations.safetensors', folder)));

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

/** Every tensor of a safetensors file that we trust: a length, a JSON header, the data. */
function readTensors(file: Buffer): Record<string, NdArray> {
  const start = 8 + Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString('utf8', 8, start));
  const read = ({ dtype, shape, data_offsets: [from, to] }: Entry) => {
    const bytes = new Uint8Array(file.subarray(start + from, start + to)).buffer;
    return ndArray(shape, dtype === 'I32' ? new Int32Array(bytes) : new Float32Array(bytes));
  };
  delete header.__metadata__;
  return Object.fromEntries(Object.entries<Entry>(header).map(([name, entry]) => [name, read(entry)]));
}

/** The tensors of one operation by their own names. */
function fixture(operation: string): Record<string, NdArray> {
  const own = Object.entries(tensors).filter(([name]) => name.startsWith(`${operation}.`));
  const found = Object.fromEntries(own.map(([name, tensor]) => [name.slice(operation.length + 1), tensor]));
  expect(own.length, operation).toBeGreaterThan(0);
  return found;
}

/** The fixtures are float64 results rounded to float32. */
function expectSame(actual: Record<string, NdArray>, expected: Record<string, NdArray>): void {
  for (const [name, { shape, data }] of Object.entries(actual)) {
    const other = expected[name];
    expect(shape, name).toEqual(other.shape);
    const largest = other.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const error = data.reduce((most, value, i) => Math.max(most, Math.abs(value - other.data[i])), 0);
    expect(error, name).toBeLessThanOrEqual(1e-7 * largest);
  }
}

describe('the reference agrees with PyTorch', () => {
  it.each([1, 2] as const)('conv3d of stride %i', (stride) => {
    const f = fixture(`conv3d_stride${stride}`);
    expectSame({ y: conv3d(f.x, f.w, f.b, stride), ...conv3dGrad(f.x, f.w, f.dy, stride) }, f);
  });

  it('batch normalisation in training', () => {
    const f = fixture('batchnorm_train');
    const { eps, momentum } = numbers.batchnorm_train;
    const forward = batchNormTrain(f.x, f.gamma, f.beta, eps);
    const running = { mean: f.running_mean, variance: f.running_variance };
    const after = runningUpdate(running, forward, valuesPerChannel(f.x), momentum);
    expectSame({ ...forward, ...batchNormTrainGrad(f.x, f.gamma, eps, f.dy) }, f);
    expectSame({ running_mean_after: after.mean, running_variance_after: after.variance }, f);
  });

  it('batch normalisation in evaluation', () => {
    const f = fixture('batchnorm_eval');
    const { eps } = numbers.batchnorm_eval;
    const y = batchNormEval(f.x, f.gamma, f.beta, f.running_mean, f.running_variance, eps);
    const gradients = batchNormEvalGrad(f.x, f.gamma, f.running_mean, f.running_variance, eps, f.dy);
    expectSame({ y, ...gradients }, f);
  });

  it('leaky ReLU, 0 included', () => {
    const f = fixture('leaky_relu');
    const { slope } = numbers.leaky_relu;
    expectSame({ y: leakyRelu(f.x, slope), dx: leakyReluGrad(f.x, slope, f.dy) }, f);
  });

  it.each(['odd', 'mixed', 'ties'])('max pooling: %s', (kind) => {
    const f = fixture(`max_pool3d_${kind}`);
    expectSame({ y: maxPool3d(f.x), dx: maxPool3dGrad(f.x, f.dy) }, f);
  });

  it.each(['odd', 'mixed'])('upsampling: %s', (kind) => {
    const f = fixture(`upsample_${kind}`);
    const [d, h, w] = f.y.shape.slice(2);
    expectSame({ y: upsample(f.x, [d, h, w]), dx: upsampleGrad(f.dy) }, f);
  });

  it('mean squared error', () => {
    const f = fixture('mean_squared_error');
    const { y, dy } = numbers.mean_squared_error;
    expect(meanSquaredError(f.a, f.b)).toBeCloseTo(y, 12);
    expectSame({ ...meanSquaredErrorGrad(f.a, f.b, dy) }, f);
  });

  it('linear', () => {
    const f = fixture('linear');
    expectSame({ y: linear(f.x, f.w, f.b), ...linearGrad(f.x, f.w, f.dy) }, f);
  });

  it('cross-entropy', () => {
    const f = fixture('cross_entropy');
    const { y, dy } = numbers.cross_entropy;
    const labels = [...f.labels.data];
    const { loss, perSample } = softmaxCrossEntropy(f.logits, labels);
    expect(loss).toBeCloseTo(y, 12);
    const per_sample = ndArray([labels.length], perSample);
    expectSame({ per_sample, dlogits: softmaxCrossEntropyGrad(f.logits, labels, dy) }, f);
  });

  it.each(['probability', 'logProbability', 'logit'] as const)('class score: %s', (kind) => {
    const f = fixture(`class_score_${kind}`);
    const { class: chosen, y, dy } = numbers[`class_score_${kind}`];
    expect(classScore(f.logits, chosen, kind)).toBeCloseTo(y, 12);
    expectSame({ dlogits: classScoreGrad(f.logits, chosen, kind, dy) }, f);
  });

  it.each(['constant', 'volume'])('mask blend over a %s', (kind) => {
    const f = fixture(`mask_blend_${kind}`);
    const mu = kind === 'constant' ? numbers.mask_blend_constant.mu : f.mu;
    expectSame({ y: maskBlend(f.m, f.x, mu), ...maskBlendGrad(f.m, f.x, mu, f.dy) }, f);
  });

  const named = (start: string) => Object.keys(numbers).filter((name) => name.startsWith(start));

  it.each(named('mask_size'))('%s', (name) => {
    const f = fixture(name);
    const { beta, reduction, y, dy } = numbers[name];
    expect(maskSize(f.m, beta, reduction)).toBeCloseTo(y, 12);
    expectSame({ dm: maskSizeGrad(f.m, beta, reduction, dy) }, f);
  });

  it.each(named('total_variation'))('%s', (name) => {
    const f = fixture(name);
    const { beta, reduction, y, dy } = numbers[name];
    expect(totalVariation(f.m, beta, reduction)).toBeCloseTo(y, 12);
    expectSame({ dm: totalVariationGrad(f.m, beta, reduction, dy) }, f);
  });

  it('five steps of Adam', () => {
    const f = fixture('adam');
    const parameter = Float64Array.from(f.parameter.data);
    const [first, second] = [parameter.map(() => 0), parameter.map(() => 0)];
    const steps = f.gradients.shape[0];
    const after: number[] = [];
    for (let step = 0; step < steps; step++) {
      const at = step * parameter.length;
      const gradient = f.gradients.data.subarray(at, at + parameter.length);
      adamStep(parameter, gradient, first, second, step + 1, numbers.adam);
      after.push(...parameter);
    }
    expectSame({ after: ndArray(f.after.shape, after) }, f);
  });
});
