import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Answer, confusionOf, evaluate, scoresOf } from '../../model/evaluation.ts';

const answer = (participantId: string, positive: boolean, probability: number): Answer => ({
  participantId,
  positive,
  predicted: probability > 0.5,
  probability,
});

const answers = fc
  .array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 8 })), { minLength: 2, maxLength: 30 })
  .map((cases) =>
    cases.map(([positive, eighths], i) => answer(`sub-${i % 20}${positive}`, positive, eighths / 8)),
  );

describe('scoresOf', () => {
  it('counts, as by hand', () => {
    const cases = [
      answer('a', true, 0.9),
      answer('b', true, 0.4),
      answer('c', false, 0.2),
      answer('d', false, 0.6),
      answer('e', false, 0.4),
    ];
    expect(confusionOf(cases)).toEqual({
      truePositive: 1,
      falseNegative: 1,
      trueNegative: 2,
      falsePositive: 1,
    });
    const { balancedAccuracy, sensitivity, specificity, auc } = scoresOf(cases);
    expect([sensitivity, specificity]).toEqual([1 / 2, 2 / 3]);
    expect(balancedAccuracy).toBeCloseTo(7 / 12, 12);
    // Pairs: 0.9 above all three; 0.4 above 0.2, ties with 0.4, below 0.6.
    expect(auc).toBeCloseTo((3 + 1.5) / 6, 12);
  });

  it('has the area that all pairs give, and says NaN without one of the classes', () => {
    fc.assert(
      fc.property(answers, (cases) => {
        const [ones, others] = [true, false].map((positive) =>
          cases.filter((one) => one.positive === positive),
        );
        let wins = 0;
        for (const { probability: p } of ones)
          for (const { probability: q } of others) wins += p > q ? 1 : p === q ? 0.5 : 0;
        const { auc, sensitivity, specificity } = scoresOf(cases);
        if (ones.length === 0 || others.length === 0) expect(auc).toBeNaN();
        else expect(auc).toBeCloseTo(wins / ones.length / others.length, 12);
        if (ones.length === 0) expect(sensitivity).toBeNaN();
        if (others.length === 0) expect(specificity).toBeNaN();
      }),
    );
  });
});

describe('evaluate', () => {
  it('gives intervals around what it measures, the same for the same seed', () => {
    fc.assert(
      fc.property(answers, fc.nat({ max: 1000 }), (cases, seed) => {
        fc.pre(cases.some(({ positive }) => positive) && cases.some(({ positive }) => !positive));
        const result = evaluate(cases, seed, 200);
        expect(evaluate(cases, seed, 200)).toEqual(result);
        for (const name of ['balancedAccuracy', 'sensitivity', 'specificity', 'auc'] as const) {
          const [low, high] = result.intervals[name];
          expect(low).toBeLessThanOrEqual(high);
          expect(low).toBeGreaterThanOrEqual(0);
          expect(high).toBeLessThanOrEqual(1);
        }
        expect(result.sessions).toBe(cases.length);
      }),
      { numRuns: 20 },
    );
  });

  it('is as wide as the binomial distribution says, and narrower where participants come often', () => {
    const cases = Array.from({ length: 200 }, (_, i) =>
      answer(`sub-${i}`, i < 100, i % 100 < 80 === i < 100 ? 0.9 : 0.1),
    );
    const { scores, intervals } = evaluate(cases, 1);
    expect(scores.sensitivity).toBeCloseTo(0.8, 12);
    const half = 1.96 * Math.sqrt((0.8 * 0.2) / 100);
    expect(intervals.sensitivity[0]).toBeCloseTo(0.8 - half, 1);
    expect(intervals.sensitivity[1]).toBeCloseTo(0.8 + half, 1);
    // Sessions of one participant are no new evidence: doubling them leaves the width.
    const doubled = evaluate([...cases, ...cases], 1);
    const width = ([low, high]: readonly [number, number]) => high - low;
    expect(Math.abs(width(doubled.intervals.sensitivity) - width(intervals.sensitivity))).toBeLessThan(0.02);
    expect([doubled.participants, doubled.sessions]).toEqual([200, 400]);
  });
});
