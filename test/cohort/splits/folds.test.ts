import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cohort, Session } from '../../../cohort/cohort.ts';
import { drawFolds, splitOf, stratifiedFold } from '../../../cohort/splits/folds.ts';
import { refuseLeaks } from '../../../cohort/splits/leaks.ts';
import { permutation } from '../../../cohort/splits/permutation.ts';

function session(participantId: string, diagnosis: string, sessionId = 'ses-M00'): Session {
  return {
    participantId,
    sessionId,
    diagnosis,
    age: 70,
    sex: 'F',
    mmse: null,
    cdr: null,
    path: `/${participantId}/${sessionId}`,
    line: 2,
  };
}

function cohortOf(sessions: Session[]): Cohort {
  return { path: 'cohort.tsv', sessions };
}

const months = ['ses-M00', 'ses-M06', 'ses-M012', 'ses-M24'];

/** Cohorts of two diagnoses, with one to four sessions a participant, in any order. */
const cohorts = fc
  .tuple(
    fc.array(fc.subarray(months, { minLength: 1 }), { minLength: 5, maxLength: 17 }),
    fc.array(fc.subarray(months, { minLength: 1 }), { minLength: 5, maxLength: 17 }),
  )
  .chain((groups) => {
    const sessions = groups.flatMap((group, which) =>
      group.flatMap((visits, i) =>
        visits.map((visit) => session(`sub-${which}${i}`, ['AD', 'CN'][which], visit)),
      ),
    );
    return fc.shuffledSubarray(sessions, { minLength: sessions.length });
  });

const ids = (sessions: Session[]) => sessions.map((s) => s.participantId);

describe('stratifiedFold', () => {
  it('puts every participant into validation once, never on two sides, with one session there and all in training', () => {
    fc.assert(
      fc.property(cohorts, fc.integer({ min: 2, max: 5 }), fc.integer(), (sessions, folds, seed) => {
        const validated: string[] = [];
        for (let fold = 0; fold < folds; fold++) {
          const { train, validation } = stratifiedFold(cohortOf(sessions), folds, fold, seed);
          const held = new Set(ids(validation));
          expect(held.size).toBe(validation.length);
          expect(ids(train).some((id) => held.has(id))).toBe(false);
          expect(train.length).toBe(sessions.filter((s) => !held.has(s.participantId)).length);
          for (const kept of validation) {
            const visits = sessions
              .filter((s) => s.participantId === kept.participantId)
              .map((s) => s.sessionId);
            expect(kept.sessionId).toBe(months.find((month) => visits.includes(month)));
          }
          validated.push(...held);
        }
        expect(validated.sort()).toEqual([...new Set(ids(sessions))].sort());
      }),
    );
  });

  it('keeps the diagnoses in proportion', () => {
    fc.assert(
      fc.property(cohorts, fc.integer({ min: 2, max: 5 }), fc.integer(), (sessions, folds, seed) => {
        for (const diagnosis of ['AD', 'CN']) {
          const count = new Set(ids(sessions.filter((s) => s.diagnosis === diagnosis))).size;
          for (let fold = 0; fold < folds; fold++) {
            const { validation } = stratifiedFold(cohortOf(sessions), folds, fold, seed);
            const held = validation.filter((s) => s.diagnosis === diagnosis).length;
            expect([Math.floor(count / folds), Math.ceil(count / folds)]).toContain(held);
          }
        }
      }),
    );
  });

  it('depends on the seed and not on the order of the rows', () => {
    fc.assert(
      fc.property(cohorts, fc.integer(), (sessions, seed) => {
        const backwards = cohortOf([...sessions].reverse());
        expect(stratifiedFold(backwards, 5, 1, seed)).toEqual(stratifiedFold(cohortOf(sessions), 5, 1, seed));
      }),
    );
    const many = cohortOf(Array.from({ length: 60 }, (_, i) => session(`sub-${i}`, i % 2 ? 'AD' : 'CN')));
    const draws = [1, 2, 3].map((seed) => ids(stratifiedFold(many, 5, 0, seed).validation).join());
    expect(new Set(draws).size).toBe(3);
  });

  it('draws the folds of the published lists', () => {
    // Check values of the legacy generator of numpy, RandomState(2).permutation(n).
    expect(permutation(10, 2)).toEqual([4, 1, 5, 0, 7, 2, 3, 6, 9, 8]);
    expect(permutation(230, 2).slice(0, 5)).toEqual([215, 126, 20, 222, 196]);
    expect(permutation(236, 2).slice(0, 5)).toEqual([20, 149, 30, 54, 147]);
    const ten = Array.from({ length: 10 }, (_, i) => session(`sub-${i}`, 'CN'));
    expect(ids(stratifiedFold(cohortOf(ten), 4, 0, 2).validation)).toEqual(['sub-1', 'sub-4', 'sub-5']);
    expect(ids(stratifiedFold(cohortOf(ten), 4, 3, 2).validation)).toEqual(['sub-8', 'sub-9']);
  });

  it('refuses an unstable diagnosis, too few participants, and folds that cannot be', () => {
    const sessions = Array.from({ length: 12 }, (_, i) => session(`sub-${i}`, i < 4 ? 'AD' : 'CN'));
    const cohort = cohortOf(sessions);
    expect(() => stratifiedFold(cohort, 5, 0, 2)).toThrow(/cohort\.tsv: has 4 AD participants for 5 folds/);
    expect(() => stratifiedFold(cohort, 4, 4, 2)).toThrow(/fold: 4 is not one of 0 to 3/);
    expect(() => stratifiedFold(cohort, 4, 0.5, 2)).toThrow(/fold: 0.5/);
    expect(() => stratifiedFold(cohort, 1, 0, 2)).toThrow(/folds: 1/);
    const converter = cohortOf([...sessions, session('sub-0', 'CN', 'ses-M12')]);
    expect(() => stratifiedFold(converter, 4, 0, 2)).toThrow(
      /participant sub-0 has several diagnoses \(AD, CN\)/,
    );
  });
});

describe('refuseLeaks', () => {
  it('names participants on two sides', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((id) => session(id, 'AD'));
    expect(() => refuseLeaks({ train: [a, a, b], validation: [c], test: [] })).not.toThrow();
    expect(() => refuseLeaks({ train: [a, b], validation: [session('b', 'AD', 'ses-M12'), c] })).toThrow(
      /1 participant is on two sides: b \(train, validation\)/,
    );
    expect(() => refuseLeaks({ train: [a, b], validation: [c], test: [a, c] })).toThrow(
      /2 participants are on two sides: a \(train, test\), c \(validation, test\)/,
    );
    // Two cohorts may spell one person with and without the prefix.
    expect(() => refuseLeaks({ seen: [session('sub-a', 'AD')], independent: [a, b] })).toThrow(
      /1 participant is on two sides: a \(seen, independent\)/,
    );
  });
});

describe('balanced folds', () => {
  it('spread diagnoses, sexes and ages: fold sizes differ by one, mean ages little', () => {
    const sessions = Array.from({ length: 60 }, (_, i) => ({
      ...session(`sub-${i}`, i < 30 ? 'AD' : 'CN'),
      age: 60 + ((i * 7) % 30),
      sex: (['F', 'M'] as const)[i % 2],
    }));
    for (const seed of [1, 2, 3]) {
      const parts = drawFolds(cohortOf(sessions), 5, seed, 'balanced');
      for (const part of parts) {
        const firsts = part.map(([first]) => first);
        expect(firsts.filter(({ diagnosis }) => diagnosis === 'AD')).toHaveLength(6);
        expect(firsts.filter(({ sex, diagnosis }) => sex === 'F' && diagnosis === 'CN')).toHaveLength(3);
        const mean = firsts.reduce((sum, { age }) => sum + age!, 0) / firsts.length;
        expect(Math.abs(mean - 74.5)).toBeLessThan(2.5);
      }
    }
  });

  it('put every participant in one fold, whatever is not known of them', () => {
    const known = fc.record({
      age: fc.option(fc.integer({ min: 50, max: 90 }), { nil: null }),
      sex: fc.constantFrom('F', 'M', null),
    });
    fc.assert(
      fc.property(
        fc.array(known, { minLength: 4, maxLength: 23 }),
        fc.integer({ min: 2, max: 4 }),
        (people, folds) => {
          const sessions = people.map((person, i) => ({ ...session(`sub-${i}`, 'AD'), ...person }));
          const parts = drawFolds(cohortOf(sessions), folds, 2, 'balanced');
          const sizes = parts.map((part) => part.length);
          expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
          expect(
            parts
              .flat(2)
              .map(({ participantId }) => participantId)
              .sort(),
          ).toEqual(ids(sessions).sort());
          for (let fold = 0; fold < folds; fold++) expect(() => splitOf(parts, fold)).not.toThrow();
        },
      ),
    );
  });
});
