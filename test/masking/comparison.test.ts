import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Compared, type MaskedProbabilities, pairsOf } from '../../masking/comparison.ts';
import { summarise } from '../../masking/comparison-summary.ts';
import type { RegionUse } from '../../masking/regions.ts';
import { countTop } from '../../masking/top-regions.ts';

const nothing: Compared = {
  participantId: null,
  sessionId: null,
  fold: null,
  run: null,
  cohort: null,
  model: null,
  baseline: false,
};
const session = (participantId: string, sessionId: string, more: Partial<Compared> = {}): Compared => ({
  ...nothing,
  participantId,
  sessionId,
  baseline: sessionId === 'ses-M00',
  ...more,
});
const group = (more: Partial<Compared>): Compared => ({ ...nothing, ...more });

/** Three participants: A with three sessions, B with two, C with one. */
const sessions = [
  session('A', 'ses-M00'),
  session('A', 'ses-M06'),
  session('A', 'ses-M12'),
  session('B', 'ses-M00'),
  session('B', 'ses-M06'),
  session('C', 'ses-M00'),
];

/** A symmetric matrix with one value per pair; 1 on the diagonal. */
function matrix(size: number, value: (a: number, b: number) => number | null): (number | null)[][] {
  return Array.from({ length: size }, (_, a) =>
    Array.from({ length: size }, (_, b) => (a === b ? 1 : value(Math.min(a, b), Math.max(a, b)))),
  );
}

it('pairs sessions of a participant, and baselines of participants, under one network', () => {
  expect(pairsOf('within participants', sessions)).toEqual([
    [0, 1],
    [0, 2],
    [1, 2],
    [3, 4],
  ]);
  expect(pairsOf('between participants', sessions)).toEqual([
    [0, 3],
    [0, 5],
    [3, 5],
  ]);
  const networks = [session('A', 'ses-M00', { model: 'x' }), session('B', 'ses-M00', { model: 'y' })];
  expect(pairsOf('between participants', networks)).toEqual([]);
  for (const kind of ['folds', 'runs', 'cohorts'] as const) expect(pairsOf(kind, sessions)).toEqual([]);
});

it('pairs folds, runs and cohorts that differ in nothing else', () => {
  const masks = [
    group({ fold: '0', run: '0', cohort: 'a', model: 'f0r0' }),
    group({ fold: '1', run: '0', cohort: 'a', model: 'f1r0' }),
    group({ fold: '0', run: '1', cohort: 'a', model: 'f0r1' }),
    group({ fold: '0', run: '0', cohort: 'b', model: 'f0r0' }),
    group({ fold: '0', run: '0', cohort: 'c', model: 'other' }),
  ];
  expect(pairsOf('folds', masks)).toEqual([[0, 1]]);
  expect(pairsOf('runs', masks)).toEqual([[0, 2]]);
  expect(pairsOf('cohorts', masks)).toEqual([[0, 3]]);
});

it('takes the mean over the pairs of a participant, then over participants', () => {
  const values = matrix(6, (a, b) => (b < 3 ? [0.2, 0.4, 0.6][a + b - 1] : a === 3 && b === 4 ? 0.8 : 0.1));
  const [within, between] = summarise({ masks: sessions, similarity: values, probCnn: null }, 1, 200);
  expect(within).toMatchObject({ kind: 'within participants', pairs: 4, participants: 2, probCnn: null });
  expect(within.similarity?.mean).toBeCloseTo((0.4 + 0.8) / 2, 12); // not the mean over pairs, 0.5
  expect(within.similarity).toMatchObject({ lowest: 0.2, highest: 0.8, undefinedPairs: 0 });
  // a draw holds A twice, both, or B twice
  expect(within.similarity?.interval?.[0]).toBeCloseTo(0.4, 9);
  expect(within.similarity?.interval?.[1]).toBeCloseTo(0.8, 9);
  expect(between).toMatchObject({ kind: 'between participants', pairs: 3, participants: 3 });
  expect(between.similarity?.mean).toBeCloseTo(0.1, 12);
});

it('leaves out pairs of empty masks, and says how many', () => {
  const values = matrix(6, (a, b) => (a === 5 || b === 5 ? null : 0.5));
  const between = summarise({ masks: sessions, similarity: values, probCnn: null }, 1, 50)[1];
  expect(between.similarity).toMatchObject({ mean: 0.5, undefinedPairs: 2 });
  const none = summarise({ masks: sessions, similarity: matrix(6, () => null), probCnn: null }, 1, 50)[1];
  expect(none.similarity).toBeNull();
});

it('means both directions of probCNN, and draws the participants of the images', () => {
  const masks = [group({ fold: '0' }), group({ fold: '1' })];
  const cell = (values: number[], participants = ['A', 'A', 'B']): MaskedProbabilities => ({
    values,
    participants,
  });
  const probCnn = [
    [cell([0, 0, 0]), cell([0.3, 0.6, 0.9])],
    [cell([0.2, 0.2, 0.2], ['C', 'C', 'C']), cell([0, 0, 0], ['C', 'C', 'C'])],
  ];
  const [folds] = summarise({ masks, similarity: matrix(2, () => 0.7), probCnn }, 3, 400);
  expect(folds.probCnn?.mean).toBeCloseTo((0.6 + 0.2) / 2, 12);
  const [low, high] = folds.probCnn!.interval!;
  // A alone gives 0.45, B alone 0.9, as seen by the first network
  expect(low).toBeCloseTo((0.45 + 0.2) / 2, 9);
  expect(high).toBeCloseTo((0.9 + 0.2) / 2, 9);
  expect(folds.similarity).toMatchObject({ mean: 0.7, interval: null });
});

it('gives intervals that hold the mean, the same for the same seed', () => {
  const value = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.array(value, { minLength: 15, maxLength: 15 }), fc.nat(99), (drawn, seed) => {
      const people = Array.from({ length: 6 }, (_, i) => session(`P${i}`, 'ses-M00'));
      const similarity = matrix(6, (a, b) => drawn[(a * (11 - a)) / 2 + b - a - 1]);
      const probCnn = people.map((_, a) =>
        people.map(({ participantId }, b) => ({
          values: [a === b ? 0 : drawn[(a + b) % 15]],
          participants: [people[a].participantId ?? participantId ?? ''],
        })),
      );
      const once = summarise({ masks: people, similarity, probCnn }, seed, 60);
      expect(summarise({ masks: people, similarity, probCnn }, seed, 60)).toEqual(once);
      const { lowest, highest, mean, interval } = once[0].similarity!;
      expect(mean).toBeCloseTo(drawn.reduce((a, b) => a + b) / 15, 9);
      expect(interval![0]).toBeGreaterThanOrEqual(lowest - 1e-12);
      expect(interval![1]).toBeLessThanOrEqual(highest + 1e-12);
      expect(interval![0]).toBeLessThanOrEqual(interval![1]);
    }),
    { numRuns: 20 },
  );
});

it('counts regions and structures over masks, an empty mask for none', () => {
  const names = ['Hippocampus_L', 'Hippocampus_R', 'Vermis_3', 'Insula_R'];
  const use = (densities: number[]): RegionUse[] =>
    densities.map((density, i) => ({
      region: { value: i + 1, name: names[i] },
      voxels: 1,
      density,
      sum: density,
    }));
  const { top, regions, structures } = countTop(
    [use([0.9, 0.8, 0.1, 0]), use([0, 0.5, 0, 0.2]), use([0, 0, 0, 0])],
    2,
  );
  expect(top.map((each) => each.map(({ region }) => region.name))).toEqual([
    ['Hippocampus_L', 'Hippocampus_R'],
    ['Hippocampus_R', 'Insula_R'],
    [],
  ]);
  expect(regions[0]).toEqual({ name: 'Hippocampus_R', masks: 2 });
  expect(structures).toEqual([
    { name: 'Hippocampus', masks: 2 },
    { name: 'Insula', masks: 1 },
  ]);
});
