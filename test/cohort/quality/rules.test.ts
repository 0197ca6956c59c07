import fc from 'fast-check';
import { expect, it } from 'vitest';
import { edgeFaults, medianProfiles, type Profiles, sliceShares } from '../../../cohort/quality/edges.ts';
import { compareFlipped, isMirrored, sidesOf } from '../../../cohort/quality/flips.ts';
import { kindOf, kinds } from '../../../cohort/quality/reasons.ts';
import { outlierLimit, robustScores } from '../../../cohort/quality/robust.ts';
import { valueRange } from '../../../cohort/quality/scale.ts';
import { stream } from '../../../cohort/simulate/random.ts';

it.each([
  [0.97, 'probabilities', 1],
  [1, 'probabilities', 1],
  [1.3, 'modulated', 1],
  [9.9, 'modulated', 1],
  [12, 'not-probabilities', 12],
  [96.5, 'scaled', 100],
  [254, 'scaled', 255],
  [255, 'scaled', 255],
  [300, 'not-probabilities', 300],
  [65_535, 'scaled', 65_535],
] as const)('a maximum of %f means %s', (maximum, kind, scale) => {
  expect(valueRange(maximum)).toEqual({ kind, scale });
});

const shape = [9, 10, 11] as const;
const size = 9 * 10 * 11;
const noise = (seed: number, ...more: number[]) => {
  const random = stream(seed, ...more);
  return Float32Array.from({ length: size }, () => random.uniform());
};

it('tells no mirrored image apart where brains have no asymmetry in common', () => {
  for (let seed = 0; seed < 30; seed++) {
    const images = Array.from({ length: 20 }, (_, i) => noise(seed, i));
    const mean = Float32Array.from(
      { length: size },
      (_, v) => images.reduce((sum, one) => sum + one[v], 0) / 20,
    );
    const asymmetries = images.map((one) => compareFlipped(one, mean, { shape }, 20).asymmetry);
    expect(sidesOf(asymmetries).distinct).toBe(false);
  }
});

it('takes an image out of the mean, so that it does not resemble itself', () => {
  const images = [noise(1, 0), noise(1, 1)];
  const mean = images[0].map((value, i) => (value + images[1][i]) / 2);
  const alone = compareFlipped(images[0], images[1], { shape }, 0).asymmetry;
  expect(compareFlipped(images[0], mean, { shape }, 2).asymmetry).toBeCloseTo(alone, 4);
  expect(compareFlipped(images[0], mean, { shape }, 0).asymmetry).toBeGreaterThan(alone + 0.3);
});

it('looks for mirrored images only in cohorts of ten and more, whose asymmetry exceeds its spread', () => {
  const around = (center: number, spread: number, count: number) =>
    Array.from({ length: count }, (_, i) => center + spread * Math.sin(7 * i));
  expect(sidesOf(around(0.5, 0.05, 9)).distinct).toBe(false);
  expect(sidesOf(around(0.5, 0.05, 10)).distinct).toBe(true);
  expect(sidesOf(around(0.5, 0.4, 40)).distinct).toBe(false);
  expect(sidesOf(around(0.05, 0.001, 40)).distinct).toBe(false);
  const sides = sidesOf(around(0.5, 0.05, 40));
  expect([-0.5, -0.1, 0.5].map((one) => isMirrored(one, sides))).toEqual([true, false, false]);
});

it('correlates an image with the flipped mean as with the mean of flipped images', () => {
  const image = noise(2, 0);
  const turned = image.map((_, i) => image[i - (i % 11) + 10 - (i % 11)]);
  const { flip, correlation } = compareFlipped(image, turned, { shape }, 0);
  expect(flip).toBe('up-down');
  expect(correlation).toBeCloseTo(1, 6);
});

it('shares the gray matter out to slices, all of it along each axis', () => {
  const data = noise(3, 0);
  for (const profile of sliceShares(data, { shape }))
    expect(profile.reduce((a, b) => a + b)).toBeCloseTo(1, 9);
  const one = new Float32Array(size);
  one[(2 * 10 + 3) * 11 + 4] = 0.5;
  expect(sliceShares(one, { shape }).map((profile) => profile.indexOf(1))).toEqual([2, 3, 4]);
});

it('sees a brain that ends early or reaches a face, and not one that is a slice shorter', () => {
  const brain = Float64Array.from([0, 0, 0.0005, 0.02, 0.2, 0.5, 0.2, 0.07, 0.0005, 0]);
  const along = (profile: Float64Array): Profiles => [brain, brain, profile];
  const usual = medianProfiles([along(brain), along(brain), along(brain)]);
  expect(edgeFaults(along(brain), usual)).toEqual([]);
  expect(edgeFaults(along(brain.map((share, i) => (i < 3 ? 0 : share))), usual)).toEqual([]);
  const [cut] = edgeFaults(along(brain.map((share, i) => (i < 4 ? 0 : share))), usual);
  expect(cut).toMatchObject({ code: 'cut', side: 'bottom' });
  expect((cut as { share: number }).share).toBeCloseTo(0.0205, 9);
  expect(edgeFaults(along(brain.map((share, i) => (i === 9 ? 0.1 : share))), usual)).toEqual([
    { code: 'face', side: 'top' },
  ]);
});

it('raises the limit of outliers in small cohorts, so that few normal values exceed it', () => {
  expect(outlierLimit(3.5, 1_000_000)).toBeCloseTo(3.5, 4);
  for (const count of [8, 12, 30]) {
    let above = 0;
    for (let i = 0; i < 2000; i++) {
      const random = stream(i, count);
      const scores = robustScores(Array.from({ length: count }, () => random.normal()));
      above += scores.filter((z) => Math.abs(z) > outlierLimit(3.5, count)).length;
    }
    expect(above / (2000 * count)).toBeLessThan(0.003);
  }
});

it('knows its codes and no others', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.constantFrom(...Object.keys(kinds))), (code) => {
      expect(kindOf(code) !== null).toBe(Object.keys(kinds).includes(code));
    }),
  );
});
