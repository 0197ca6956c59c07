import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  batchNormEval,
  batchNormEvalGrad,
  batchNormTrain,
  batchNormTrainGrad,
  valuesPerChannel,
} from './batchnorm.ts';
import { classScore, classScoreGrad, type ScoreKind } from './class-score.ts';
import { conv3d, conv3dGrad } from './conv3d.ts';
import { dropout, dropoutGrad } from './dropout.ts';
import { dot, numericalGradient } from './finite-difference.ts';
import { leakyRelu, leakyReluGrad } from './leaky-relu.ts';
import { linear, linearGrad } from './linear.ts';
import { maskBlend, maskBlendGrad } from './mask-blend.ts';
import { maskSize, maskSizeGrad } from './mask-size.ts';
import { maxPool3d, maxPool3dGrad } from './max-pool3d.ts';
import { map, type NdArray } from './ndarray.ts';
import type { Reduction } from './power.ts';
import { seeds, source, upTo } from './random.ts';
import { softmaxCrossEntropy, softmaxCrossEntropyGrad } from './softmax-cross-entropy.ts';
import { meanSquaredError, meanSquaredErrorGrad } from './squared-error.ts';
import { totalVariation, totalVariationGrad } from './total-variation.ts';
import { upsample, upsampleGrad } from './upsample.ts';

/** Holds a gradient against central differences of f, more strictly than the usual rtol 1e-3 and atol 1e-5. */
function expectGradient(gradient: NdArray, f: () => number, x: NdArray): void {
  const numerical = numericalGradient(f, x);
  expect(gradient.shape).toEqual(x.shape);
  gradient.data.forEach((value, i) => {
    const expected = numerical.data[i];
    expect(Math.abs(value - expected), `element ${i}`).toBeLessThan(1e-6 + 1e-5 * Math.abs(expected));
  });
}

const runs = { numRuns: 25 };
const volumes = fc.tuple(upTo(4), upTo(4), upTo(4));
const batches = fc.tuple(upTo(2), upTo(3), upTo(4), upTo(4), upTo(4));
const strides = fc.constantFrom(1 as const, 2 as const);
const reductions = fc.constantFrom<Reduction>('mean', 'sum');

describe('every gradient agrees with central finite differences', () => {
  it('conv3d', () => {
    fc.assert(
      fc.property(batches, upTo(3), strides, seeds, (shape, outputs, stride, seed) => {
        const random = source(seed);
        const x = random.uniform(shape);
        const w = random.uniform([outputs, shape[1], 3, 3, 3]);
        const b = random.uniform([outputs]);
        const dy = random.uniform(conv3d(x, w, b, stride).shape);
        const { dx, dw, db } = conv3dGrad(x, w, dy, stride);
        const f = () => dot(conv3d(x, w, b, stride), dy);
        expectGradient(dx, f, x);
        expectGradient(dw, f, w);
        expectGradient(db, f, b);
      }),
      runs,
    );
  });

  it('batch normalisation in training', () => {
    const enough = batches.filter(([n, , d, h, w]) => n * d * h * w >= 3);
    fc.assert(
      fc.property(enough, seeds, (shape, seed) => {
        const random = source(seed);
        const x = random.distinct(shape, -2, 2); // a channel of equal values would be all eps
        const gamma = random.uniform([shape[1]], 0.5, 1.5);
        const beta = random.uniform([shape[1]]);
        const dy = random.uniform(shape);
        const { dx, dgamma, dbeta } = batchNormTrainGrad(x, gamma, 1e-2, dy);
        const f = () => dot(batchNormTrain(x, gamma, beta, 1e-2).y, dy);
        expectGradient(dx, f, x);
        expectGradient(dgamma, f, gamma);
        expectGradient(dbeta, f, beta);
        expect(valuesPerChannel(x)).toBe(shape[0] * shape[2] * shape[3] * shape[4]);
      }),
      runs,
    );
  });

  it('batch normalisation in evaluation', () => {
    fc.assert(
      fc.property(batches, seeds, (shape, seed) => {
        const random = source(seed);
        const x = random.uniform(shape);
        const [gamma, beta, mean] = [0, 1, 2].map(() => random.uniform([shape[1]]));
        const variance = random.uniform([shape[1]], 0.1, 2);
        const dy = random.uniform(shape);
        const { dx, dgamma, dbeta } = batchNormEvalGrad(x, gamma, mean, variance, 1e-5, dy);
        const f = () => dot(batchNormEval(x, gamma, beta, mean, variance, 1e-5), dy);
        expectGradient(dx, f, x);
        expectGradient(dgamma, f, gamma);
        expectGradient(dbeta, f, beta);
      }),
      runs,
    );
  });

  it('leaky ReLU, away from 0', () => {
    fc.assert(
      fc.property(batches, seeds, (shape, seed) => {
        const random = source(seed);
        const x = map(random.uniform(shape), (value) => value + 0.01 * Math.sign(value));
        const dy = random.uniform(shape);
        expectGradient(leakyReluGrad(x, 0.01, dy), () => dot(leakyRelu(x, 0.01), dy), x);
      }),
      runs,
    );
  });

  it('max pooling, away from ties', () => {
    fc.assert(
      fc.property(batches, seeds, (shape, seed) => {
        const random = source(seed);
        const x = random.distinct(shape, -1, 1.1); // nor does any value tie with the padding
        const dy = random.uniform(maxPool3d(x).shape);
        expectGradient(maxPool3dGrad(x, dy), () => dot(maxPool3d(x), dy), x);
      }),
      runs,
    );
  });

  it('upsampling', () => {
    fc.assert(
      fc.property(batches, seeds, ([n, c, d, h, w], seed) => {
        const random = source(seed);
        const dy = random.uniform([n, c, d, h, w]);
        const dx = upsampleGrad(dy);
        const x = random.uniform(dx.shape);
        expectGradient(dx, () => dot(upsample(x, [d, h, w]), dy), x);
      }),
      runs,
    );
  });

  it('mean squared error', () => {
    fc.assert(
      fc.property(volumes, seeds, (shape, seed) => {
        const random = source(seed);
        const [a, b] = [random.uniform(shape), random.uniform(shape)];
        const { da, db } = meanSquaredErrorGrad(a, b, -1.7);
        const f = () => -1.7 * meanSquaredError(a, b);
        expectGradient(da, f, a);
        expectGradient(db, f, b);
      }),
      runs,
    );
  });

  it('linear', () => {
    fc.assert(
      fc.property(upTo(3), upTo(6), upTo(4), seeds, (samples, features, outputs, seed) => {
        const random = source(seed);
        const x = random.uniform([samples, features]);
        const w = random.uniform([outputs, features]);
        const b = random.uniform([outputs]);
        const dy = random.uniform([samples, outputs]);
        const { dx, dw, db } = linearGrad(x, w, dy);
        const f = () => dot(linear(x, w, b), dy);
        expectGradient(dx, f, x);
        expectGradient(dw, f, w);
        expectGradient(db, f, b);
      }),
      runs,
    );
  });

  it('dropout with a given keep mask', () => {
    fc.assert(
      fc.property(upTo(3), upTo(6), seeds, (samples, features, seed) => {
        const random = source(seed);
        const x = random.uniform([samples, features]);
        const keep = map(random.uniform(x.shape), (value) => (value > 0 ? 1 : 0));
        const dy = random.uniform(x.shape);
        expectGradient(dropoutGrad(keep, 0.3, dy), () => dot(dropout(x, keep, 0.3), dy), x);
      }),
      runs,
    );
  });

  it('softmax cross-entropy', () => {
    fc.assert(
      fc.property(upTo(4), upTo(4), seeds, (samples, classes, seed) => {
        const random = source(seed);
        const logits = random.uniform([samples, classes], -3, 3);
        const labels = random.integers(samples, classes);
        const gradient = softmaxCrossEntropyGrad(logits, labels, -1.7);
        expectGradient(gradient, () => -1.7 * softmaxCrossEntropy(logits, labels).loss, logits);
      }),
      runs,
    );
  });

  it('class score of every kind', () => {
    const kinds = fc.constantFrom<ScoreKind>('probability', 'logProbability', 'logit');
    fc.assert(
      fc.property(upTo(4), upTo(4), kinds, seeds, (samples, classes, kind, seed) => {
        const random = source(seed);
        const logits = random.uniform([samples, classes], -3, 3);
        const [chosen] = random.integers(1, classes);
        const gradient = classScoreGrad(logits, chosen, kind, -1.7);
        expectGradient(gradient, () => -1.7 * classScore(logits, chosen, kind), logits);
      }),
      runs,
    );
  });

  it('mask blend over a constant and over a volume', () => {
    fc.assert(
      fc.property(upTo(3), volumes, fc.boolean(), seeds, (samples, shape, constant, seed) => {
        const random = source(seed);
        const m = random.uniform(shape, 0, 1);
        const x = random.uniform([samples, 1, ...shape], 0, 1);
        const mu = constant ? 0.7 : random.uniform(shape, 0, 1);
        const dy = random.uniform(x.shape);
        const { dm, dx } = maskBlendGrad(m, x, mu, dy);
        const f = () => dot(maskBlend(m, x, mu), dy);
        expectGradient(dm, f, m);
        expectGradient(dx, f, x);
      }),
      runs,
    );
  });

  it('mask size, away from 1', () => {
    const exponents = fc.constantFrom(0.1, 0.5, 1, 2);
    fc.assert(
      fc.property(volumes, exponents, reductions, seeds, (shape, beta, reduction, seed) => {
        const random = source(seed);
        const m = random.uniform(shape, 0, 0.9);
        const gradient = maskSizeGrad(m, beta, reduction, -1.7);
        expectGradient(gradient, () => -1.7 * maskSize(m, beta, reduction), m);
      }),
      runs,
    );
  });

  it('total variation, away from equal neighbours', () => {
    const exponents = fc.constantFrom(0.5, 1, 2, 3);
    fc.assert(
      fc.property(volumes, exponents, reductions, seeds, (shape, beta, reduction, seed) => {
        const random = source(seed);
        const m = random.distinct(shape, 0, 1);
        const gradient = totalVariationGrad(m, beta, reduction, -1.7);
        expectGradient(gradient, () => -1.7 * totalVariation(m, beta, reduction), m);
      }),
      runs,
    );
  });
});
