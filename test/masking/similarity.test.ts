import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { RegionUse } from '../../masking/regions.ts';
import { roiSimilarity } from '../../masking/similarity.ts';

const use = (densities: readonly number[]): RegionUse[] =>
  densities.map((density, i) => ({
    region: { value: i + 1, name: `R${i}` },
    voxels: 10,
    density,
    sum: 10 * density,
  }));

it('is the cosine: 1 along a line, 0 without a common region, whatever the order of the two', () => {
  expect(roiSimilarity(use([1, 2, 0]), use([2, 4, 0]))).toBeCloseTo(1, 12);
  expect(roiSimilarity(use([1, 0]), use([0, 3]))).toBe(0);
  expect(roiSimilarity(use([1, 0]), use([1, 1]))).toBeCloseTo(Math.SQRT1_2, 12);
  const densities = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(densities, densities, (a, b) => {
      const one = roiSimilarity(use(a), use(b));
      expect(roiSimilarity(use(b), use(a))).toBe(one);
      if (one !== null) expect(one >= 0 && one <= 1).toBe(true);
    }),
  );
});

it('is not defined for an empty mask, nor over different regions', () => {
  expect(roiSimilarity(use([0, 0]), use([1, 0]))).toBeNull();
  expect(() => roiSimilarity(use([1]), use([1, 0]))).toThrow(/different regions/);
});

it('weighs by volume when sums are asked for', () => {
  const a = use([0.5, 0.5]);
  const large = a.map((entry, i) => ({ ...entry, sum: i === 0 ? 100 : 0 }));
  expect(roiSimilarity(large, use([1, 0]), 'sum')).toBe(1);
});
