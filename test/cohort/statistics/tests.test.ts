import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gammaUpper, logGamma } from '../../../cohort/statistics/special.ts';
import {
  chiSquaredTest,
  mean,
  standardDeviation,
  studentTails,
  tTest,
} from '../../../cohort/statistics/tests.ts';

const fixture = JSON.parse(
  readFileSync(path.join(import.meta.dirname, '../../fixtures/statistics.json'), 'utf8'),
);

/** Relative difference, where scipy's own p is no denormal number. */
function expectClose(ours: number, scipys: number) {
  expect(Math.abs(ours - scipys)).toBeLessThanOrEqual(1e-10 * Math.abs(scipys));
}

describe('statistics agree with scipy to 1e-10', () => {
  it("Student's t-test", () => {
    for (const { a, b, statistic, p } of fixture.tTests) {
      expectClose(tTest(a, b).statistic, statistic);
      expectClose(tTest(a, b).p, p);
    }
  });

  it('chi-squared test on counts', () => {
    for (const { counts, statistic, p, degrees } of fixture.chiSquaredTests) {
      const test = chiSquaredTest(counts);
      expect(test.degreesOfFreedom).toBe(degrees);
      expectClose(test.statistic, statistic);
      expectClose(test.p, p);
    }
  });

  it('tails down to 1e-30 and below', () => {
    for (const { t, degrees, p } of fixture.student) expectClose(studentTails(t, degrees), p);
    for (const { x, degrees, p } of fixture.chiSquared) expectClose(gammaUpper(degrees / 2, x / 2), p);
    for (const { x, value } of fixture.logGamma) expectClose(logGamma(x), value);
    expect(Math.min(...fixture.student.map(({ p }: { p: number }) => p))).toBeLessThan(1e-30);
  });
});

describe('tests of what cannot be tested', () => {
  it('says NaN for too few values, and 1 or 0 where nothing varies', () => {
    expect(tTest([], [1, 2]).p).toBeNaN();
    expect(tTest([1], [2]).p).toBeNaN();
    expect(tTest([3, 3], [3]).p).toBe(1);
    expect(tTest([3, 3], [4, 4]).p).toBe(0);
    expect(
      chiSquaredTest([
        [5, 0],
        [7, 0],
      ]).p,
    ).toBe(1);
    expect(chiSquaredTest([]).p).toBe(1);
  });
});

const sample = fc.array(fc.double({ min: 50, max: 95, noNaN: true }), { minLength: 2, maxLength: 30 });

describe('properties', () => {
  it('a t-test does not care for order, sides or a common shift', () => {
    fc.assert(
      fc.property(sample, sample, fc.integer({ min: -20, max: 20 }), (a, b, shift) => {
        const { p } = tTest(a, b);
        expect(p).toBeGreaterThanOrEqual(0);
        expect(p).toBeLessThanOrEqual(1);
        expect(tTest(b, [...a].reverse()).p).toBeCloseTo(p, 9);
        const moved = (values: number[]) => values.map((value) => value + shift);
        expect(tTest(moved(a), moved(b)).p).toBeCloseTo(p, 6);
      }),
    );
  });

  it('the standard deviation grows with the scale, the mean with both', () => {
    fc.assert(
      fc.property(sample, (values) => {
        expect(standardDeviation(values.map((v) => 3 * v))).toBeCloseTo(3 * standardDeviation(values), 8);
        expect(mean(values.map((v) => v + 2))).toBeCloseTo(mean(values) + 2, 8);
      }),
    );
    expect(standardDeviation([1])).toBeNaN();
  });
});
