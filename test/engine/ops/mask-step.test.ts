import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Adam, clamp } from '../../../engine/adam.ts';
import type { Gpu } from '../../../engine/gpu.ts';
import { maskBlend } from '../../../engine/ops/mask-blend.ts';
import { maskSize } from '../../../engine/ops/mask-size.ts';
import { MaskStep, type MaskStepOptions } from '../../../engine/ops/mask-step.ts';
import { scaledSum } from '../../../engine/ops/scaled-sum.ts';
import { totalVariation } from '../../../engine/ops/total-variation.ts';
import { Gradients, Tape } from '../../../engine/tape.ts';
import type { Tensor } from '../../../engine/tensor.ts';
import { adamStep } from '../../reference/adam.ts';
import * as maskBlendReference from '../../reference/mask-blend.ts';
import * as maskSizeReference from '../../reference/mask-size.ts';
import { map, type NdArray, ndArray } from '../../reference/ndarray.ts';
import * as variationReference from '../../reference/total-variation.ts';
import { BACKWARD, expectClose, FORWARD, property, randomArray, upload } from '../compare.ts';
import { testGpu } from '../gpu.ts';

const adam = { beta1: 0.9, beta2: 0.999, eps: 1e-8 };
const learningRate = 0.1;
const cases = fc.record({
  n: fc.integer({ min: 1, max: 3 }),
  d: fc.integer({ min: 1, max: 6 }),
  h: fc.oneof(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 15, max: 35 })), // a thread takes 16 rows
  w: fc.integer({ min: 1, max: 19 }),
  seed: fc.nat(),
  muVolume: fc.boolean(),
  options: fc.record({
    lambda1: fc.constantFrom(0.03, 0.5),
    lambda2: fc.constantFrom(0, 0.05, 0.5),
    beta1: fc.constantFrom(0.1, 0.5, 1, 2),
    beta2: fc.constantFrom(0.5, 1, 2, 3),
    reduction: fc.constantFrom('mean' as const, 'sum' as const),
  }),
});

/** The same step by the operations one after the other, for a gradient [n, 1, d, h, w] of the blended images. */
function unfusedStep(
  gpu: Gpu,
  m: Tensor,
  x: Tensor,
  mu: Tensor,
  dy: Tensor,
  adam: Adam,
  options: MaskStepOptions,
) {
  const { lambda1, lambda2, beta1, beta2, reduction } = options;
  const tape = new Tape(gpu);
  const size = maskSize(tape, m, beta1, reduction);
  const variation = totalVariation(tape, m, beta2, reduction);
  const regulariser = scaledSum(tape, size, lambda1, variation, lambda2);
  const ofRegulariser = tape.backward(regulariser);
  const blended = maskBlend(tape, m, x, mu);
  const ofBlend = tape.backward(blended, dy);
  const sum = scaledSum(new Tape(gpu), ofRegulariser.of(m), 1, ofBlend.of(m), 1);
  const gradients = new Gradients(new Map([[m.id, sum]]));
  adam.step(gradients);
  clamp(gpu, m, 0, 1);
  for (const held of [size, variation, regulariser, ofRegulariser, blended, ofBlend, gradients])
    held.release();
}

it('moves the mask as float64 loops and as the separate operations do, step after step', async () => {
  const gpu = await testGpu();
  await property(
    cases,
    async ({ n, d, h, w, seed, muVolume, options }) => {
      const shape = [d, h, w];
      const all = { ...options, adam: { learningRate } };
      // steps of 1/16, so that some neighbours are equal; some voxels exactly 1
      let m: NdArray = map(randomArray(shape, seed), (v, i) =>
        i % 3 === 0 ? 1 : Math.round(8 + 8 * v) / 16,
      );
      const mu = randomArray(muVolume ? shape : [1], seed + 1);
      const background = muVolume ? mu : mu.data[0];
      const before = gpu.memory().liveBuffers;
      const held = { mu: upload(gpu, mu, 'mu'), apart: upload(gpu, m, 'mask apart', true) };
      const mover = new MaskStep(gpu, upload(gpu, m, 'mask'), held.mu, all);
      const apart = new Adam(gpu, [held.apart], { learningRate });
      const moments = [new Float64Array(m.data.length), new Float64Array(m.data.length)] as const;
      for (let t = 1; t <= 4; t++) {
        const x = randomArray([n, 1, ...shape], seed + 10 * t, 0.5, 0.5);
        const dy = randomArray(x.shape, seed + 10 * t + 1);
        const [images, gradient] = [upload(gpu, x, 'x'), upload(gpu, dy, 'dy')];
        // both start each step from the same mask: where neighbours are almost equal, rounding decides which is larger
        gpu.write(held.apart, Float32Array.from(m.data));
        const terms = mover.step(images, gradient);
        unfusedStep(gpu, held.apart, images, held.mu, gradient, apart, all);

        const { lambda1, lambda2, beta1, beta2, reduction } = options;
        const bySize = maskSizeReference.maskSizeGrad(m, beta1, reduction, lambda1);
        const byVariation = variationReference.totalVariationGrad(m, beta2, reduction, lambda2);
        const total = map(
          maskBlendReference.maskBlendGrad(m, x, background, dy).dm,
          (value, u) => value + bySize.data[u] + byVariation.data[u],
        );
        const expected = map(m, (value) => value);
        adamStep(expected.data, total.data, ...moments, t, {
          ...adam,
          lr: learningRate,
          weightDecay: 0,
          clamp: [0, 1],
        });
        const [moved, first, separately, [size, variation]] = await gpu.readAll([
          mover.mask,
          mover.moments,
          held.apart,
          terms,
        ]);
        const expectedTerms = [
          lambda1 * maskSizeReference.maskSize(m, beta1, reduction),
          lambda2 * variationReference.totalVariation(m, beta2, reduction),
        ];
        expectClose([size], [expectedTerms[0]], FORWARD, `size before step ${t}`);
        expectClose([variation], [expectedTerms[1]], FORWARD, `variation before step ${t}`);
        expectClose(first.slice(0, d * h * w), moments[0], BACKWARD, `first moment of step ${t}`);
        expectClose(moved, expected.data, BACKWARD, `mask after step ${t}`);
        expectClose(moved, separately, FORWARD, `mask after step ${t}, by separate operations`);
        for (const tensor of [images, gradient, terms]) tensor.release();
        m = ndArray(shape, moved);
      }
      for (const owner of [mover, apart, held.mu, held.apart]) owner.release();
      expect(gpu.memory().liveBuffers, 'buffers given back').toBe(before);
    },
    60,
  );
});

it('grids beyond 65,535 workgroups fold, and the terms are those of all voxels', async () => {
  const gpu = await testGpu();
  const shape = [2100, 1, 2000]; // 65,625 workgroups of 64 threads
  const [mu, x, dy] = [0, 1, 1].map((value, i) => gpu.full(i === 0 ? [1] : [1, 1, ...shape], value, 'part'));
  const options = { lambda1: 2, lambda2: 3, beta1: 2, beta2: 1, reduction: 'mean', adam: { learningRate } };
  const mover = new MaskStep(gpu, gpu.full(shape, 1, 'mask'), mu, options as MaskStepOptions);
  const untouched = mover.step(x, dy);
  const [first, between] = await gpu.readAll([untouched, mover.mask]);
  expect(Array.from(first)).toEqual([0, 0]);
  expectClose(between, new Float64Array(between.length).fill(0.9), FORWARD, 'mask after one step');
  const lowered = mover.step(x, dy);
  const [second, moved] = await gpu.readAll([lowered, mover.mask]);
  expectClose(second, [2 * (1 - between[0]) ** 2, 0], FORWARD, 'terms of that mask');
  expectClose(moved, new Float64Array(moved.length).fill(0.8), FORWARD, 'mask after two steps');
  for (const owner of [mu, x, dy, untouched, lowered, mover]) owner.release();
});

it('refuses images, gradients and a mu that do not fit the mask', async () => {
  const gpu = await testGpu();
  const [one, six, seven, twelve] = [1, 6, 7, 12].map((size) => gpu.full([size], 1, `${size} values`));
  const options: MaskStepOptions = {
    lambda1: 0,
    lambda2: 0,
    beta1: 1,
    beta2: 1,
    reduction: 'mean',
    adam: {},
  };
  const mover = new MaskStep(gpu, gpu.full([1, 2, 3], 1, 'mask'), one, options);
  expect(() => mover.step(seven, seven)).toThrow(/Masks \[1,2,3\], images \[7\].* do not fit/);
  expect(() => mover.step(twelve, six)).toThrow(/their gradient \[6\]/);
  const other = new MaskStep(gpu, gpu.full([1, 2, 3], 1, 'mask'), seven, options);
  expect(() => other.step(six, six)).toThrow(/mu \[7\]/);
  for (const owner of [one, six, seven, twelve, mover, other]) owner.release();
});
