import { expect, it } from 'vitest';
import { onSheet } from '../../cli/jobs/check-sheet.ts';
import type { Verdict } from '../../cohort/quality/check.ts';

const images = (bad: number, accepted: number) =>
  Array.from({ length: bad + accepted }, (_, i) => {
    const verdict: Verdict = i < bad ? 'flagged' : 'accepted';
    return { rank: i, verdict };
  });
const ranks = (bad: number, accepted: number) =>
  onSheet(images(bad, accepted)).map(({ image }) => image.rank);

it('shows the worst, five accepted images at random, and the five most typical', () => {
  const shown = ranks(70, 100);
  expect(shown.slice(0, 50)).toEqual(Array.from({ length: 50 }, (_, i) => i));
  const drawn = shown.slice(50, 55);
  expect(new Set(drawn).size).toBe(5);
  expect(Math.min(...drawn)).toBeGreaterThanOrEqual(70);
  expect(Math.max(...drawn)).toBeLessThan(165);
  expect(drawn[4] - drawn[0]).toBeGreaterThan(10); // from all over, not a run of neighbours
  expect(shown.slice(55)).toEqual([165, 166, 167, 168, 169]);
  expect(ranks(70, 100)).toEqual(shown);
});

it('shows every image where there are few', () => {
  expect(ranks(2, 7)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
});
