import fc from 'fast-check';
import { expect, it } from 'vitest';
import { chanceTest, chanceTestOf, type Said } from '../../model/chance.ts';

/** A session of a participant each. */
const said = (pairs: readonly (readonly [label: number, predicted: number])[]): Said[] =>
  pairs.map(([label, predicted], i) => ({ participantId: `sub-${i}`, label, predicted }));
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

/** Of all ways to deal the labels out, the share that reaches the balanced accuracy that was found. */
function byEnumeration(cases: readonly Said[]): number {
  const accuracy = (labels: readonly number[]) => {
    const recall = (own: number) => {
      const members = cases.filter((_, i) => labels[i] === own);
      return members.filter(({ predicted }) => predicted === own).length / members.length;
    };
    return (recall(0) + recall(1)) / 2;
  };
  const labels = cases.map(({ label }) => label);
  const positives = labels.filter(Boolean).length;
  const all = Array.from({ length: 2 ** labels.length }, (_, bits) =>
    labels.map((_, i) => (bits >> i) & 1),
  ).filter((dealt) => dealt.filter(Boolean).length === positives);
  return all.filter((dealt) => accuracy(dealt) >= accuracy(labels) - 1e-12).length / all.length;
}

it('is the share of all permutations of the labels that do as well', () => {
  const pairs = fc.array(fc.tuple(fc.constantFrom(0, 1), fc.constantFrom(0, 1)), {
    minLength: 2,
    maxLength: 9,
  });
  fc.assert(
    fc.property(pairs, (drawn) => {
      const cases = said([...drawn, [0, 1], [1, 0]]);
      expect(chanceTest(cases)!.p).toBeCloseTo(byEnumeration(cases), 10);
    }),
    { numRuns: 60 },
  );
});

it('agrees with Fisher, scipy.stats.fisher_exact(..., alternative="greater")', () => {
  // the lady tasting tea: 3 of 4 and 3 of 4
  const tea = { truePositive: 3, falseNegative: 1, trueNegative: 3, falsePositive: 1 };
  expect(chanceTestOf(tea)!.p).toBeCloseTo(17 / 70, 12);
  expect(
    chanceTestOf({ ...tea, truePositive: 4, falseNegative: 0, trueNegative: 4, falsePositive: 0 }),
  ).toEqual({
    p: expect.closeTo(1 / 70, 12),
    aboveChance: true,
  });
});

it('calls nothing above chance that says the same of everybody, or is wrong, or has too few to tell', () => {
  const constant = said([...times(40, [0, 1] as const), ...times(4, [1, 1] as const)]);
  expect(chanceTest(constant)).toEqual({ p: expect.closeTo(1, 12), aboveChance: false });
  const wrong = said([...times(20, [0, 1] as const), ...times(20, [1, 0] as const)]);
  expect(chanceTest(wrong)!.p).toBeCloseTo(1, 12);
  // two and two, all right: 1 of 6 permutations does as well
  const right = said([
    [0, 0],
    [0, 0],
    [1, 1],
    [1, 1],
  ]);
  expect(chanceTest(right)).toEqual({ p: expect.closeTo(1 / 6, 12), aboveChance: false });
  expect(
    chanceTest(
      said([
        [0, 0],
        [0, 1],
      ]),
    ),
  ).toBeNull();
  expect(chanceTest([])).toBeNull();
});

it('permutes whole participants where they have several sessions', () => {
  const once = said([...times(3, [0, 0] as const), ...times(3, [1, 1] as const)]);
  const p = chanceTest(once)!.p; // 1 of 20
  // ten sessions of each say the same: no more is known than of one each
  const often = once.flatMap((one) => times(10, one));
  expect(p).toBeCloseTo(0.05, 12);
  expect(Math.abs(chanceTest(often)!.p - p)).toBeLessThan(0.015);
  expect(chanceTest(often)).toEqual(chanceTest(often));
});

it('tests more than two classes too', () => {
  const three = said([0, 1, 2].flatMap((label) => times(5, [label, label] as const)));
  expect(chanceTest(three)).toMatchObject({ aboveChance: true });
  const one = said([0, 1, 2].flatMap((label) => times(5, [label, 1] as const)));
  expect(chanceTest(one)).toEqual({ p: 1, aboveChance: false });
});
