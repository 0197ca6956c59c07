import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MaskStep } from '../../../engine/ops/mask-step.ts';
import { coarseShape, gather, spread, trilinear } from '../../../engine/ops/trilinear.ts';
import { adamStep } from '../../reference/adam.ts';
import { maskBlendGrad } from '../../reference/mask-blend.ts';
import { maskSizeGrad } from '../../reference/mask-size.ts';
import { type NdArray, ndArray, sizeOf } from '../../reference/ndarray.ts';
import { totalVariationGrad } from '../../reference/total-variation.ts';
import { trilinear as reference } from '../../reference/trilinear.ts';
import {
  BACKWARD,
  expectClose,
  FORWARD,
  property,
  randomArray,
  runWithGradients,
  upload,
} from '../compare.ts';
import { testGpu } from '../gpu.ts';

const shapes = fc.tuple(
  fc.integer({ min: 1, max: 7 }),
  fc.integer({ min: 1, max: 11 }),
  fc.integer({ min: 1, max: 13 }),
);
const spacings = fc.integer({ min: 2, max: 4 });
const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, value, i) => sum + value * b[i], 0);

it('lies linearly between the values of the coarser grid, and its gradient is the adjoint', async () => {
  const gpu = await testGpu();
  expect(coarseShape([121, 145, 121], 2)).toEqual([61, 73, 61]);
  expect(coarseShape([121, 145, 121], 3)).toEqual([41, 49, 41]);
  expect(coarseShape([1, 2, 6], 4)).toEqual([1, 2, 3]);
  const cases = fc.record({ shape: shapes, spacing: spacings, seed: fc.nat() });
  await property(cases, async ({ shape, spacing, seed }) => {
    const a = randomArray(coarseShape(shape, spacing), seed);
    const b = randomArray(shape, seed + 1);
    const { output, gradients } = await runWithGradients(
      gpu,
      [a],
      (tape, a) => trilinear(tape, a, shape, spacing),
      b,
    );
    expectClose(output, reference(a, shape, spacing).data, FORWARD, 'volume');
    // <Up(a), b> = <a, Up^T(b)>
    expect(dot(output, b.data)).toBeCloseTo(dot(a.data, gradients[0]), 3);
    const values = Array.from(gradients[0], (_, node) => {
      const one = new Float64Array(gradients[0].length);
      one[node] = 1;
      return dot(reference(ndArray(a.shape, one), shape, spacing).data, b.data);
    });
    expectClose(gradients[0], values, BACKWARD, 'gradient');
  });
});

it('keeps the grid values as they are, and a constant to the bit, for each of several volumes', async () => {
  const gpu = await testGpu();
  const shape = [5, 8, 10];
  for (const spacing of [2, 3, 4]) {
    const coarse = coarseShape(shape, spacing);
    const [x, ones] = [
      upload(gpu, randomArray([3, ...coarse], 5), 'x'),
      gpu.full([2, ...coarse], 1 / 3, 'x'),
    ];
    const [y, thirds] = [spread(gpu, x, shape, spacing), spread(gpu, ones, shape, spacing)];
    const [values, volumes, constant] = await gpu.readAll([x, y, thirds]);
    expect(constant.every((value) => value === Math.fround(1 / 3))).toBe(true);
    const [cd, ch, cw] = coarse;
    values.forEach((value, i) => {
      const [v, z, y, x] = [
        Math.floor(i / cw / ch / cd),
        Math.floor(i / cw / ch) % cd,
        Math.floor(i / cw) % ch,
        i % cw,
      ];
      const at = [z, y, x].map((node) => node * spacing);
      if (at.some((place, axis) => place >= shape[axis])) return;
      expect(volumes[((v * 5 + at[0]) * 8 + at[1]) * 10 + at[2]]).toBe(value);
    });
    for (const tensor of [x, ones, y, thirds]) tensor.release();
  }
  const wrong = gpu.full([2, 2, 2], 1, 'x');
  expect(() => spread(gpu, wrong, shape, 2)).toThrow(/Values \[2,2,2\] are not those of \[5,8,10\]/);
  wrong.release();
});

it('a mask on a coarser grid moves by the gradient of its values, step after step', async () => {
  const gpu = await testGpu();
  const cases = fc.record({
    shape: shapes,
    spacing: spacings,
    masks: fc.integer({ min: 1, max: 3 }),
    seed: fc.nat(),
  });
  await property(
    cases,
    async ({ shape, spacing, masks, seed }) => {
      const before = gpu.memory().liveBuffers;
      const options = { lambda1: 0.5, lambda2: 0.3, beta1: 2, beta2: 2, reduction: 'sum' as const };
      const coarse = coarseShape(shape, spacing);
      const [voxels, size] = [sizeOf(shape), sizeOf(coarse)];
      const start = randomArray([masks, ...coarse], seed, 0.5, 0.5);
      const mu = gpu.full([1], 1, 'mu');
      const grid = { spacing, shape };
      const mover = new MaskStep(gpu, upload(gpu, start, 'values'), mu, {
        ...options,
        grid,
        adam: { learningRate: 0.1 },
      });
      const part = (array: NdArray, k: number, of: readonly number[]) =>
        ndArray(of, array.data.slice(k * sizeOf(of), (k + 1) * sizeOf(of)));
      const values = Array.from({ length: masks }, (_, k) => part(start, k, coarse));
      const moments = values.map(() => [new Float64Array(size), new Float64Array(size)] as const);
      for (let t = 1; t <= 3; t++) {
        const x = randomArray([masks, 1, ...shape], seed + t, 0.5, 0.5);
        const dy = randomArray(x.shape, seed + 100 * t);
        const [images, gradient] = [upload(gpu, x, 'x'), upload(gpu, dy, 'dy')];
        const terms = mover.step(images, gradient);
        const state = await mover.download();
        const [masksNow, earlier] = await gpu.readAll([mover.mask, mover.before]);
        for (let k = 0; k < masks; k++) {
          const m = reference(values[k], shape, spacing);
          expectClose(earlier.slice(k * voxels, (k + 1) * voxels), m.data, BACKWARD, 'mask before');
          const bySize = maskSizeGrad(m, options.beta1, 'sum', options.lambda1);
          const byVariation = totalVariationGrad(m, options.beta2, 'sum', options.lambda2);
          const one = [1, 1, ...shape];
          const { dm } = maskBlendGrad(m, part(x, k, one), 1, part(dy, k, one));
          const total = dm.data.map((value, u) => value + bySize.data[u] + byVariation.data[u]);
          const ofValues = Float64Array.from({ length: size }, (_, node) => {
            const unit = new Float64Array(size);
            unit[node] = 1;
            return dot(reference(ndArray(coarse, unit), shape, spacing).data, total);
          });
          adamStep(values[k].data, ofValues, ...moments[k], t, {
            ...{ lr: 0.1, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0 },
            clamp: [0, 1],
          });
          const first = state.moments.slice(2 * k * size, (2 * k + 1) * size);
          expectClose(first, moments[k][0], BACKWARD, `first moment of step ${t}`, 1e-2);
          const now = state.masks.slice(k * size, (k + 1) * size);
          expectClose(now, values[k].data, 1e-3, `values after step ${t}`);
          values[k] = ndArray(coarse, Float64Array.from(now));
          const whole = reference(values[k], shape, spacing);
          expectClose(
            masksNow.slice(k * voxels, (k + 1) * voxels),
            whole.data,
            FORWARD,
            `mask after step ${t}`,
          );
        }
        for (const tensor of [images, gradient, terms]) tensor.release();
      }
      for (const owner of [mover, mu]) owner.release();
      expect(gpu.memory().liveBuffers, 'buffers given back').toBe(before);
    },
    12,
  );
});

it('gathers several volumes apart', async () => {
  const gpu = await testGpu();
  const shape = [3, 4, 5];
  const dy = randomArray([2, ...shape], 9);
  const held = upload(gpu, dy, 'dy');
  const both = gather(gpu, held, [2, ...coarseShape(shape, 2)], 2);
  const values = await gpu.read(both);
  for (const k of [0, 1]) {
    const alone = upload(gpu, ndArray(shape, dy.data.slice(60 * k, 60 * k + 60)), 'dy');
    const one = gather(gpu, alone, coarseShape(shape, 2), 2);
    expect(values.slice(18 * k, 18 * k + 18)).toEqual(await gpu.read(one));
    for (const tensor of [alone, one]) tensor.release();
  }
  for (const tensor of [held, both]) tensor.release();
});
