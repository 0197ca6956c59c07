import fc from 'fast-check';
import { expect, it } from 'vitest';
import { classScore, scoreKinds } from '../../../engine/ops/class-score.ts';
import { softmaxCrossEntropy } from '../../../engine/ops/cross-entropy.ts';
import { maskBlend } from '../../../engine/ops/mask-blend.ts';
import { maskSize } from '../../../engine/ops/mask-size.ts';
import { scaledSum } from '../../../engine/ops/scaled-sum.ts';
import { mean, sum } from '../../../engine/ops/sum.ts';
import { totalVariation } from '../../../engine/ops/total-variation.ts';
import * as classScoreReference from '../../reference/class-score.ts';
import * as maskBlendReference from '../../reference/mask-blend.ts';
import * as maskSizeReference from '../../reference/mask-size.ts';
import { map, type NdArray, ndArray } from '../../reference/ndarray.ts';
import * as crossEntropyReference from '../../reference/softmax-cross-entropy.ts';
import * as variationReference from '../../reference/total-variation.ts';
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

const logitShapes = fc.record({
  n: fc.integer({ min: 1, max: 5 }),
  classes: fc.integer({ min: 2, max: 4 }),
  seed: fc.nat(),
});
const upstream = ndArray([1], [Math.fround(-0.7)]);

/** A mask in [0, 1] in steps of 1/16, so that differences are exact in float32; some voxels exactly 1. */
function maskLike(shape: readonly number[], seed: number): NdArray {
  return map(randomArray(shape, seed), (value, i) => (i % 3 === 0 ? 1 : Math.round(8 + 8 * value) / 16));
}

it('softmax cross-entropy', async () => {
  const gpu = await testGpu();
  await property(logitShapes, async ({ n, classes, seed }) => {
    const logits = randomArray([n, classes], seed, 20);
    const labels = Array.from({ length: n }, (_, i) => (seed + i) % classes);
    const held = gpu.tensor([n], Uint32Array.from(labels), 'labels');
    const actual = await runWithGradients(
      gpu,
      [logits],
      (tape, x) => softmaxCrossEntropy(tape, x, held),
      upstream,
    );
    held.release();
    expectClose(
      actual.output,
      [crossEntropyReference.softmaxCrossEntropy(logits, labels).loss],
      FORWARD,
      'loss',
    );
    expectClose(
      actual.gradients[0],
      crossEntropyReference.softmaxCrossEntropyGrad(logits, labels, upstream.data[0]).data,
      BACKWARD,
      'gradient',
    );
  });
});

for (const kind of scoreKinds) {
  it(`class score: ${kind}`, async () => {
    const gpu = await testGpu();
    await property(logitShapes, async ({ n, classes, seed }) => {
      const logits = randomArray([n, classes], seed, 8);
      const c = seed % classes;
      const actual = await runWithGradients(
        gpu,
        [logits],
        (tape, x) => classScore(tape, x, c, kind),
        upstream,
      );
      expectClose(actual.output, [classScoreReference.classScore(logits, c, kind)], FORWARD, 'score');
      const expected = map(classScoreReference.classScoreGrad(logits, c, kind), (g) => g * upstream.data[0]);
      expectClose(actual.gradients[0], expected.data, BACKWARD, 'gradient', 1e-6);
    });
  });
}

it('mask blend with one mu and with a mu per voxel (equation 1)', async () => {
  const gpu = await testGpu();
  await property(volumeShapes(7, 1), async ({ n, d, h, w, seed }) => {
    const [m, x] = [maskLike([d, h, w], seed), randomArray([n, 1, d, h, w], seed + 1)];
    const dy = randomArray(x.shape, seed + 3);
    for (const mu of [ndArray([1], [1]), randomArray([d, h, w], seed + 2)]) {
      const background =
        mu.shape.length === 1 && m.data.length > 1 ? mu.data[0] : mu.data.length === 1 ? mu.data[0] : mu;
      const held = upload(gpu, mu, 'mu');
      const actual = await runWithGradients(gpu, [m, x], (tape, m, x) => maskBlend(tape, m, x, held), dy);
      held.release();
      const expected = maskBlendReference.maskBlendGrad(m, x, background, dy);
      expectClose(actual.output, maskBlendReference.maskBlend(m, x, background).data, FORWARD, 'output');
      expectClose(actual.gradients[0], expected.dm.data, BACKWARD, 'mask gradient');
      expectClose(actual.gradients[1], expected.dx.data, BACKWARD, 'image gradient');
    }
  });
});

for (const beta of [0.1, 0.5, 1, 2, 3]) {
  it(`both regularisers of equation 2 with exponent ${beta}`, async () => {
    const gpu = await testGpu();
    await property(
      volumeShapes(8, 1),
      async ({ d, h, w, seed }) => {
        const m = maskLike([d, h, w], seed);
        for (const reduction of ['mean', 'sum'] as const) {
          const size = await runWithGradients(
            gpu,
            [m],
            (tape, m) => maskSize(tape, m, beta, reduction),
            upstream,
          );
          expectClose(size.output, [maskSizeReference.maskSize(m, beta, reduction)], FORWARD, 'size');
          const sizeGrad = maskSizeReference.maskSizeGrad(m, beta, reduction, upstream.data[0]);
          expectClose(size.gradients[0], sizeGrad.data, BACKWARD, 'size gradient');
          const variation = await runWithGradients(
            gpu,
            [m],
            (tape, m) => totalVariation(tape, m, beta, reduction),
            upstream,
          );
          expectClose(
            variation.output,
            [variationReference.totalVariation(m, beta, reduction)],
            FORWARD,
            'variation',
          );
          const variationGrad = variationReference.totalVariationGrad(m, beta, reduction, upstream.data[0]);
          expectClose(variation.gradients[0], variationGrad.data, BACKWARD, 'variation gradient');
        }
      },
      10,
    );
  });
}

it('sums and means, also longer than a workgroup, and weighted sums of both', async () => {
  const gpu = await testGpu();
  await property(
    fc.record({ size: fc.integer({ min: 1, max: 20_000 }), seed: fc.nat() }),
    async ({ size, seed }) => {
      const x = randomArray([size], seed);
      const total = x.data.reduce((a, b) => a + b, 0);
      const actual = await runWithGradients(
        gpu,
        [x],
        (tape, x) => {
          const [s, m] = [sum(tape, x), mean(tape, x)];
          const y = scaledSum(tape, s, 0.5, m, -2);
          s.release();
          m.release();
          return y;
        },
        upstream,
      );
      // a sum of numbers of both signs may be near 0: its error is relative to the numbers' norm
      expectClose(actual.output, [0.5 * total - (2 * total) / size], FORWARD, 'output', Math.sqrt(size));
      const slope = upstream.data[0] * (0.5 - 2 / size);
      expectClose(actual.gradients[0], new Float64Array(size).fill(slope), BACKWARD, 'gradient', 1e-2);
    },
  );
});

it('a million voxels: sums keep their digits, grids beyond 65,535 workgroups fold', async () => {
  const gpu = await testGpu();
  const shape = [107, 401, 401]; // 67,209 workgroups of 256
  const x = randomArray(shape, 3, 0.5, 1);
  const dy = ndArray([1], [1]);
  const expected = x.data.reduce((a, b) => a + b, 0) / x.data.length;
  const actual = await runWithGradients(gpu, [x], mean, dy);
  expectClose(actual.output, [expected], FORWARD, 'mean');
  expect(actual.gradients[0][x.data.length - 1]).toBeCloseTo(1 / x.data.length, 12);
});
