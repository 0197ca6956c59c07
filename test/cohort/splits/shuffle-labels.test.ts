import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Session } from '../../../cohort/session.ts';
import type { Split } from '../../../cohort/splits/folds.ts';
import { shuffleLabels } from '../../../cohort/splits/shuffle-labels.ts';

/** Participants of one label each, with one session or more. */
function side(name: string, visits: readonly (readonly [string, number])[]): Session[] {
  return visits.flatMap(([diagnosis, sessions], i) =>
    Array.from({ length: sessions }, (_, k) => ({
      participantId: `sub-${name}${i}`,
      sessionId: `ses-M${k}`,
      diagnosis,
      age: null,
      sex: null,
      mmse: null,
      cdr: null,
      path: `${i}-${k}`,
      line: 0,
    })),
  );
}

const labelsOf = (sessions: readonly Session[]) =>
  new Map(sessions.map(({ participantId, diagnosis }) => [participantId, diagnosis]));
const sorted = (sessions: readonly Session[]) => [...labelsOf(sessions).values()].sort();

const visits = fc.array(fc.tuple(fc.constantFrom('CN', 'AD'), fc.integer({ min: 1, max: 4 })), {
  minLength: 1,
  maxLength: 12,
});

it('keeps the sessions, one label per participant, and the sizes of the classes on each side', () => {
  fc.assert(
    fc.property(visits, visits, fc.nat(), (one, other, seed) => {
      const split: Split = { train: side('T', one), validation: side('V', other) };
      const drawn = shuffleLabels(split, seed);
      for (const set of ['train', 'validation'] as const) {
        expect(drawn[set].map(({ path }) => path)).toEqual(split[set].map(({ path }) => path));
        const labels = labelsOf(drawn[set]);
        for (const { participantId, diagnosis } of drawn[set])
          expect(labels.get(participantId)).toBe(diagnosis);
        expect(sorted(drawn[set])).toEqual(sorted(split[set]));
      }
      expect(shuffleLabels(split, seed)).toEqual(drawn);
    }),
  );
});

it('on average half of the labels are right, and seeds differ', () => {
  const half = (label: string) => Array.from({ length: 40 }, () => [label, 1] as const);
  const train = side('T', [...half('CN'), ...half('AD')]);
  const right = Array.from({ length: 50 }, (_, seed) => {
    const drawn = shuffleLabels({ train, validation: [] }, seed).train;
    return drawn.filter(({ diagnosis }, i) => diagnosis === train[i].diagnosis).length / train.length;
  });
  expect(right.reduce((a, b) => a + b) / right.length).toBeCloseTo(0.5, 1);
  expect(new Set(right).size).toBeGreaterThan(3);
});
