import fc from 'fast-check';
import { expect, it } from 'vitest';
import { divergence } from '../../masking/divergence.ts';
import { axes, type GridStage, gridLines, gridPoints, paperGrid, variedAxes } from '../../masking/grid.ts';

it("holds the paper's two stages: 12 masks, then 16", () => {
  const [betas, lambdas] = paperGrid.map(gridPoints);
  expect(betas).toHaveLength(12);
  expect(lambdas).toHaveLength(16);
  expect(betas[0]).toEqual({
    stage: 'betas',
    name: 'beta1-0.1_beta2-1',
    values: { beta1: 0.1, beta2: 1 },
    objective: { beta1: 0.1, beta2: 1, lambda1: 1e-4, lambda2: 1e-3 },
  });
  expect(betas[1].values).toEqual({ beta1: 0.1, beta2: 2 });
  const lines = paperGrid.flatMap(gridLines);
  expect(lines.map(({ axis, at, points }) => [axis, at, points.length])).toEqual([
    ['beta1', { beta2: 1 }, 4],
    ['beta2', { beta1: 0.1 }, 3],
    ['lambda1', { lambda2: 0.01 }, 4],
    ['lambda2', { lambda1: 0.0001 }, 4],
  ]);
});

const values = fc.uniqueArray(fc.double({ min: 1e-4, max: 10, noNaN: true }), { minLength: 1, maxLength: 4 });
const stage = fc
  .tuple(
    fc.shuffledSubarray([...axes], { minLength: 1, maxLength: 2 }),
    values,
    values,
    fc.nat(),
    fc.boolean(),
  )
  .map(([varied, one, two, at, told]): GridStage => {
    const lists = [one, two];
    return {
      name: 'drawn',
      fixed: {},
      vary: Object.fromEntries(varied.map((axis, i) => [axis, lists[i]])),
      at: told ? Object.fromEntries(varied.map((axis, i) => [axis, lists[i][at % lists[i].length]])) : {},
    };
  });

it('has each combination once, in a folder of its own', () => {
  fc.assert(
    fc.property(stage, (drawn) => {
      const points = gridPoints(drawn);
      const sizes = variedAxes(drawn).map((axis) => drawn.vary[axis]!.length);
      expect(points).toHaveLength(sizes.reduce((a, b) => a * b));
      expect(new Set(points.map(({ name }) => name)).size).toBe(points.length);
      for (const point of points) {
        expect(point.name).toMatch(/^[\w.+-]+$/);
        for (const axis of variedAxes(drawn)) expect(drawn.vary[axis]).toContain(point.values[axis]);
      }
    }),
  );
});

it('has a line along each varied option, through the place where the others stay', () => {
  fc.assert(
    fc.property(stage, (drawn) => {
      const lines = gridLines(drawn);
      expect(lines.map(({ axis }) => axis)).toEqual(variedAxes(drawn));
      for (const { axis, at, points } of lines) {
        expect(points.map((point) => point.values[axis])).toEqual(drawn.vary[axis]);
        for (const [other, value] of Object.entries(at)) {
          expect(other).not.toBe(axis);
          for (const point of points) expect(point.values[other as typeof axis]).toBe(value);
          expect(drawn.at[other as typeof axis] ?? drawn.vary[other as typeof axis]![0]).toBe(value);
        }
      }
    }),
  );
});

it('calls a training diverged that ends above a mask of ones, or rises from its first epoch on', () => {
  expect(divergence([0.9, 0.5, 0.2], 0.9)).toBeNull();
  expect(divergence([0.9, 0.5, 0.94], 0.9)).toBeNull(); // within the margin
  expect(divergence([0.9, 0.5, 0.95], 0.9)).toMatch(/ended at 0\.950, above the 0\.900 of a mask of ones/);
  expect(divergence([0.2, 0.3, 0.4], 0.9)).toMatch(/rose from 0\.200 in the first epoch to 0\.400/);
  expect(divergence([0.2, 0.19, 0.4], 0.9)).toBeNull(); // it found a better mask on the way
  expect(divergence([0.2, 0.4], 0.9)).toBeNull(); // two epochs are no course
  expect(divergence([-2, -3], -1)).toBeNull(); // log-probabilities fall below zero
  expect(divergence([-2, -0.9], -1)).toMatch(/above the -1\.00/);
});
