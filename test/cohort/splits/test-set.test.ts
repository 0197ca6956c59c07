import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cohort, Session } from '../../../cohort/cohort.ts';
import { drawFolds, splitOf } from '../../../cohort/splits/folds.ts';
import { refuseLeaks } from '../../../cohort/splits/leaks.ts';
import { matchPairs, possibleMatches } from '../../../cohort/splits/matching.ts';
import { drawTestSet, testSetDefaults } from '../../../cohort/splits/test-set.ts';

interface Someone {
  readonly age: number | null;
  readonly sex: 'F' | 'M' | null;
  readonly visits: number;
}

function cohortOf(cn: readonly Someone[], ad: readonly Someone[]): Cohort {
  const sessions = [
    ...cn.map((one) => ({ ...one, diagnosis: 'CN' })),
    ...ad.map((one) => ({ ...one, diagnosis: 'AD' })),
  ];
  return {
    path: 'cohort.tsv',
    sessions: sessions.flatMap(({ age, sex, visits, diagnosis }, i) =>
      Array.from(
        { length: visits },
        (_, visit): Session => ({
          participantId: `sub-${diagnosis}${i}`,
          sessionId: `ses-M${6 * visit}`,
          diagnosis,
          age: age === null ? null : age + visit / 2,
          sex,
          mmse: null,
          cdr: null,
          path: `/${i}/${visit}`,
          line: 2,
        }),
      ),
    ),
  };
}

const someone = fc.record({
  age: fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: 55, max: 90 }) },
    { weight: 1, arbitrary: fc.constant(null) },
  ),
  sex: fc.constantFrom<'F' | 'M' | null>('F', 'M', 'F', 'M', null),
  visits: fc.integer({ min: 1, max: 4 }),
});
const people = fc.array(someone, { minLength: 8, maxLength: 40 });
const lenient = { ...testSetDefaults, threshold: 0, ageTolerance: 10 };
const idsOf = (sessions: readonly Session[]) => sessions.map(({ participantId }) => participantId);

describe('drawTestSet', () => {
  it('leaves no participant on two sides: 1,000 random cohorts, drawn and cut into folds', () => {
    let drawn = 0;
    fc.assert(
      fc.property(people, people, fc.integer({ min: 1, max: 6 }), fc.nat(), (cn, ad, perClass, seed) => {
        const cohort = cohortOf(cn, ad);
        const options = { ...lenient, perClass, seed };
        let set: ReturnType<typeof drawTestSet>;
        try {
          set = drawTestSet(cohort, options);
        } catch (error) {
          expect(String(error)).toMatch(/pairs of the same sex|none of \d+ draws/);
          return;
        }
        drawn++;
        const { test, rest } = set;
        expect(new Set(idsOf(test)).size).toBe(2 * perClass);
        expect(test.filter(({ diagnosis }) => diagnosis === 'AD')).toHaveLength(perClass);
        expect(test.every(({ sessionId }) => sessionId === 'ses-M0')).toBe(true);
        expect(new Set([...idsOf(test), ...idsOf(rest)])).toEqual(new Set(idsOf(cohort.sessions)));
        const held = new Set(idsOf(test));
        expect(rest).toHaveLength(cohort.sessions.filter((s) => !held.has(s.participantId)).length);
        const [f, m] = ['F', 'M'].map((sex) => test.filter((s) => s.sex === sex));
        for (const group of [f, m])
          expect(group.filter((s) => s.diagnosis === 'AD')).toHaveLength(group.length / 2);
        const parts = drawFolds({ path: 'rest', sessions: rest }, 2, seed);
        for (const fold of [0, 1]) {
          const split = splitOf(parts, fold);
          expect(() => refuseLeaks({ ...split, test })).not.toThrow();
          expect(new Set(idsOf(split.validation)).size).toBe(split.validation.length);
        }
      }),
      { numRuns: 1000, seed: 3 },
    );
    expect(drawn).toBeGreaterThan(500);
  });

  const many = cohortOf(
    Array.from({ length: 80 }, (_, i) => ({ age: 60 + ((i * 13) % 30), sex: i % 3 ? 'F' : 'M', visits: 2 })),
    Array.from({ length: 70 }, (_, i) => ({ age: 62 + ((i * 11) % 27), sex: i % 2 ? 'F' : 'M', visits: 1 })),
  );

  it('is alike to the rest, and its classes to each other, whatever the order of the rows', () => {
    const options = { ...testSetDefaults, perClass: 20 };
    const set = drawTestSet(many, options);
    expect(set.againstRest.age).toBeGreaterThan(0.8);
    expect(set.againstRest.sex).toBeGreaterThan(0.8);
    expect(set.betweenClasses.sex).toBe(1);
    expect(set.betweenClasses.age).toBeGreaterThan(0.3);
    expect(drawTestSet({ ...many, sessions: [...many.sessions].reverse() }, options)).toEqual(set);
    expect(drawTestSet(many, { ...options, seed: 3 }).test).not.toEqual(set.test);
  });

  it('says why it cannot be', () => {
    const draw = (more: object) => () => drawTestSet(many, { ...testSetDefaults, ...more });
    expect(draw({ perClass: 70 })).toThrow(/70 AD participants; a test set of 70 leaves none to train with/);
    expect(draw({ perClass: 69 })).toThrow(
      /has \d\d pairs of the same sex whose ages differ by 2 years at most/,
    );
    expect(draw({ perClass: 20, threshold: 0.9999, draws: 50 })).toThrow(
      /none of 50 draws of 20 pairs is alike to the rest: the smallest p-value was 0\.\d+ at best/,
    );
    const oneClass = { ...many, sessions: many.sessions.filter(({ diagnosis }) => diagnosis === 'AD') };
    expect(() => drawTestSet(oneClass, testSetDefaults)).toThrow(
      /has the diagnoses AD; a matched test set takes two/,
    );
  });

  it('draws nobody of unknown age or sex, and names them', () => {
    const cohort = cohortOf(
      [...Array(9).fill({ age: 70, sex: 'F', visits: 1 }), { age: null, sex: 'F', visits: 1 }],
      [...Array(9).fill({ age: 70, sex: 'F', visits: 1 }), { age: 70, sex: null, visits: 1 }],
    );
    const { unknown, test, againstRest } = drawTestSet(cohort, { ...lenient, perClass: 9 });
    expect(unknown).toEqual(['sub-AD19', 'sub-CN9']);
    expect(idsOf(test)).not.toContain('sub-CN9');
    expect(againstRest).toEqual({ age: 1, sex: 1 });
    expect(() => drawTestSet(cohort, { ...lenient, perClass: 10 })).toThrow(/leaves none/);
  });
});

describe('matchPairs', () => {
  it('finds as many pairs as there are: against brute force', () => {
    const lists = fc.array(fc.uniqueArray(fc.nat({ max: 5 }), { maxLength: 4 }), { maxLength: 6 });
    const most = (possible: readonly (readonly number[])[], used: readonly number[] = []): number => {
      if (possible.length === 0) return 0;
      const [first, ...others] = possible;
      const taken = first.filter((j) => !used.includes(j)).map((j) => 1 + most(others, [...used, j]));
      return Math.max(most(others, used), ...taken);
    };
    fc.assert(
      fc.property(lists, (possible) => {
        const order = possible.map((_, i) => i);
        const pairs = matchPairs(possible, order);
        expect(pairs).toHaveLength(most(possible));
        for (const [one, other] of pairs) expect(possible[one]).toContain(other);
        expect(new Set(pairs.map(([, other]) => other)).size).toBe(pairs.length);
        expect(matchPairs(possible, order, 1).length).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('matches sex exactly and age within the tolerance, both ends included', () => {
    const others = [68, 70, 72, 72.1].map((age) => ({ age, sex: 'F' }));
    expect(
      possibleMatches(
        [
          { age: 70, sex: 'F' },
          { age: 70, sex: 'M' },
        ],
        others,
        2,
      ),
    ).toEqual([[0, 1, 2], []]);
  });
});
