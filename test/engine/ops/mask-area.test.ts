import fc from 'fast-check';
import { expect, it } from 'vitest';
import { areaCount, areaTemplate, maskArea } from '../../../engine/ops/mask-area.ts';
import { MaskStep } from '../../../engine/ops/mask-step.ts';
import * as reference from '../../reference/mask-area.ts';
import { map, ndArray } from '../../reference/ndarray.ts';
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
  fc.integer({ min: 1, max: 6 }),
  fc.integer({ min: 2, max: 35 }),
  fc.integer({ min: 1, max: 19 }),
);
const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

/** Values in [0, 1], in steps of 1 / `steps` where many are to be equal. */
function maskOf(shape: readonly number[], seed: number, steps: number | null) {
  return map(randomArray(shape, seed, 0.5, 0.5), (v) => (steps ? Math.round(steps * v) / steps : v));
}

it('the penalty and its gradient agree with sorted float64 values, with and without equal voxels', async () => {
  const gpu = await testGpu();
  const cases = fc.record({
    shape: shapes,
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    steps: fc.constantFrom(null, 1, 4, 64),
    reduction: fc.constantFrom('mean' as const, 'sum' as const),
    seed: fc.nat(),
  });
  await property(
    cases,
    async ({ shape, share, steps, reduction, seed }) => {
      const voxels = sizeOf(shape);
      const count = Math.max(1, Math.min(voxels - 1, Math.round(share * voxels)));
      const m = maskOf(shape, seed, steps);
      const upstream = ndArray([1], [-1.75]);
      const actual = await runWithGradients(
        gpu,
        [m],
        (tape, m) => maskArea(tape, m, count, reduction),
        upstream,
      );
      expectClose(actual.output, [reference.maskArea(m, count, reduction)], FORWARD, 'penalty');
      const expected = reference.maskAreaGrad(m, count, reduction, -1.75);
      expectClose(actual.gradients[0], expected.data, FORWARD, 'gradient', 1e-6);
    },
    60,
  );
});

it('the gradient is the slope of the sorted penalty where no two voxels are equal', async () => {
  const gpu = await testGpu();
  const shape = [3, 5, 7];
  const count = 20;
  // a permutation of 105 distinct values, so far apart that a small step changes no rank
  const m = ndArray(
    shape,
    Float64Array.from({ length: 105 }, (_, i) => ((i * 44) % 105) / 128 + 0.125),
  );
  const one = ndArray([1], [1]);
  const { gradients } = await runWithGradients(gpu, [m], (tape, m) => maskArea(tape, m, count, 'sum'), one);
  const slopes = m.data.map((_, u) => {
    const moved = (by: number) => map(m, (value, i) => (i === u ? value + by : value));
    const penalty = (by: number) => reference.maskArea(moved(by), count, 'sum');
    return (penalty(1e-4) - penalty(-1e-4)) / 2e-4;
  });
  expectClose(gradients[0], slopes, BACKWARD, 'gradient');
});

it('a mask that hides just the area has penalty and gradient 0, and one that hides another has not', async () => {
  const gpu = await testGpu();
  const cases = fc.record({
    shape: shapes,
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    seed: fc.nat(),
  });
  await property(cases, async ({ shape, share, seed }) => {
    const voxels = sizeOf(shape);
    const count = Math.max(1, Math.min(voxels - 1, Math.round(share * voxels)));
    const order = Array.from(randomArray([voxels], seed).data.entries()).sort(([, a], [, b]) => a - b);
    const hidden = new Set(order.slice(0, count).map(([u]) => u));
    const m = ndArray(
      shape,
      Float64Array.from({ length: voxels }, (_, u) => Number(!hidden.has(u))),
    );
    const zero = (count: number) =>
      runWithGradients(gpu, [m], (tape, m) => maskArea(tape, m, count, 'sum'), ndArray([1], [1]));
    const exact = await zero(count);
    expect(Array.from(exact.output)).toEqual([0]);
    expect(exact.gradients[0].every((slope) => slope === 0)).toBe(true);
    if (count + 1 < voxels) expect((await zero(count + 1)).output[0]).toBeCloseTo(1, 5);
  });
});

it('the template of each of several masks is its own quantile, exactly, whatever lies around it', async () => {
  const gpu = await testGpu();
  const shape = [41, 50, 37]; // several chunks
  const voxels = sizeOf(shape);
  const masks = [null, 4, 1, 1000].map((steps, i) => maskOf(shape, i + 1, steps));
  const all = ndArray([4, ...shape], Float64Array.from(masks.flatMap(({ data }) => Array.from(data))));
  const count = areaCount(0.05, voxels);
  const m = upload(gpu, all, 'masks');
  const template = areaTemplate(gpu, m, 4, count);
  const found = await gpu.read(template);
  for (const [k, { data }] of masks.entries()) {
    const sorted = Float32Array.from(data).sort();
    const border = sorted[count - 1];
    const equal = sorted.filter((value) => value === border).length;
    const below = sorted.filter((value) => value < border).length;
    expect(found[2 * k]).toBe(border);
    expect(found[2 * k + 1]).toBeCloseTo((count - below) / equal, 6);
  }
  for (const tensor of [m, template]) tensor.release();
});

it('a step with an area has the gradient and the terms of the separate operation, for each of several masks', async () => {
  const gpu = await testGpu();
  const cases = fc.record({
    masks: fc.integer({ min: 1, max: 3 }),
    shape: shapes,
    steps: fc.constantFrom(null, 4),
    reduction: fc.constantFrom('mean' as const, 'sum' as const),
    seed: fc.nat(),
  });
  await property(cases, async ({ masks, shape, steps, reduction, seed }) => {
    const before = gpu.memory().liveBuffers;
    const voxels = sizeOf(shape);
    const area = { share: 0.5, weight: 1.5 };
    const m = maskOf([masks, ...shape], seed, steps);
    const nothing = gpu.full([masks, 1, ...shape], 0, 'no gradient');
    const mu = gpu.full([1], 1, 'mu');
    const options = { lambda1: 7, lambda2: 0, beta1: 0.1, beta2: 1, reduction, area };
    const adam = { learningRate: 0.1, beta1: 0 }; // its first moment is the gradient
    const mover = new MaskStep(gpu, upload(gpu, m, 'masks'), mu, { ...options, adam });
    const terms = mover.step(nothing, nothing);
    const [held, values] = await gpu.readAll([mover.moments, terms]);
    for (let k = 0; k < masks; k++) {
      const one = ndArray(shape, m.data.slice(k * voxels, (k + 1) * voxels));
      const count = areaCount(area.share, voxels);
      const expected = reference.maskAreaGrad(one, count, reduction, area.weight);
      const first = held.slice(2 * k * voxels, (2 * k + 1) * voxels);
      expectClose(first, expected.data, FORWARD, `gradient of mask ${k}`, 1e-6);
      const penalty = area.weight * reference.maskArea(one, count, reduction);
      expectClose([values[2 * k]], [penalty], FORWARD, `penalty of mask ${k}`);
    }
    for (const owner of [nothing, mu, terms, mover]) owner.release();
    expect(gpu.memory().liveBuffers, 'buffers given back').toBe(before);
  });
});

it('refuses an area without a voxel, or of all', () => {
  expect(areaCount(0.1, 20)).toBe(2);
  expect(() => areaCount(0.01, 20)).toThrow(/An area of 0.01 of 20 voxels holds 0 voxels/);
  expect(() => areaCount(0.99, 20)).toThrow(/holds 20 voxels/);
});
