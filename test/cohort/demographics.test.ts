import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeCohort } from '../../cohort/demographics.ts';
import type { Session } from '../../cohort/session.ts';

function visit(participantId: string, month: number, more: Partial<Session> = {}): Session {
  const sessionId = `ses-M${month}`;
  const known = { diagnosis: 'AD', age: null, sex: null, mmse: null, cdr: null, path: '/x', line: 2 };
  return { participantId, sessionId, ...known, ...more };
}

const sessions = [
  visit('a', 6, { age: 70.5, sex: 'F', mmse: 10, cdr: 2 }),
  visit('a', 0, { age: 70, sex: 'F', mmse: 24, cdr: 1 }),
  visit('b', 0, { age: 80, sex: 'M', mmse: 20, cdr: 0.5 }),
  visit('c', 0, { age: 75, sex: 'F', cdr: 1 }),
  visit('d', 12, { mmse: 22 }),
  visit('e', 0, { diagnosis: 'CN', age: 66 }),
];
const describe = (list: Session[]) => describeCohort({ path: 'cohort.tsv', sessions: list }, ['CN', 'AD']);

it('counts participants at their first sessions, as by hand', () => {
  const [cn, ad] = describe(sessions);
  expect([ad.participants, ad.sessions, ad.female, ad.male, ad.sexMissing]).toEqual([4, 5, 2, 1, 1]);
  expect(ad.age).toEqual({ mean: 75, deviation: 5, least: 70, most: 80, missing: 1 });
  expect(ad.mmse).toEqual({ mean: 22, deviation: 2, least: 20, most: 24, missing: 1 });
  expect([...ad.cdr]).toEqual([
    [0.5, 1],
    [1, 2],
  ]);
  expect(ad.cdrMissing).toBe(1);
  expect(cn).toMatchObject({ diagnosis: 'CN', participants: 1, age: { mean: 66, deviation: Number.NaN } });
  expect(cn.mmse.mean).toBeNaN();
});

it('does not care for the order of the rows, leaves out labels without anybody, refuses two labels', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray(sessions, { minLength: sessions.length }), (shuffled) => {
      expect(describe(shuffled)).toEqual(describe(sessions));
    }),
  );
  expect(describe(sessions.slice(0, 5)).map(({ diagnosis }) => diagnosis)).toEqual(['AD']);
  expect(() => describe([...sessions, visit('e', 6)])).toThrow(
    /participant e has several diagnoses \(CN, AD\)/,
  );
});
