import fc from 'fast-check';
import { expect, it } from 'vitest';
import { correlation } from '../../../cohort/quality/measures.ts';
import { median, robustScores } from '../../../cohort/quality/robust.ts';

const values = fc.array(fc.integer({ min: -400, max: 400 }), { minLength: 1, maxLength: 20 });

it('scores by median and median absolute deviation, as by hand', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  // Median 3, deviations 2 1 0 1 97, their median 1.
  expect(robustScores([1, 2, 3, 4, 100]).map((z) => z * 1.482602218505602)).toEqual([-2, -1, 0, 1, 97]);
  expect(robustScores([5, 5, 5])).toEqual([0, 0, 0]);
  // More than half are equal: the mean absolute deviation, 1, scaled by 1.2533.
  expect(robustScores([0, 0, 0, 0, 5])[4]).toBeCloseTo(5 / 1.2533141373155001, 12);
});

it('does not care for a shift, nor for a scale but its sign', () => {
  fc.assert(
    fc.property(
      values,
      fc.integer({ min: -50, max: 50 }),
      fc.constantFrom(-2, 0.5, 3),
      (list, shift, factor) => {
        const scores = robustScores(list);
        fc.pre(Math.max(...scores.map(Math.abs)) < 1e6);
        const moved = robustScores(list.map((value) => factor * value + shift));
        scores.forEach((z, i) => {
          expect(moved[i]).toBeCloseTo(Math.sign(factor) * z, 3);
        });
      },
    ),
  );
});

it('correlates: 1 with itself however scaled, -1 with its negative, NaN with a constant', () => {
  const a = [0.1, 0.5, 0.2, 0.9];
  expect(
    correlation(
      a,
      a.map((value) => 3 * value + 1),
    ),
  ).toBeCloseTo(1, 12);
  expect(
    correlation(
      a,
      a.map((value) => -value),
    ),
  ).toBeCloseTo(-1, 12);
  expect(correlation(a, [1, 1, 1, 1])).toBeNaN();
  expect(correlation([1, 2, 3], [1, 3, 2])).toBeCloseTo(0.5, 12);
});
