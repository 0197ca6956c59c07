import { expect, it } from 'vitest';
import { regionUse, topRegions } from '../../masking/regions.ts';
import { Stopping } from '../../masking/stopping.ts';
import { thresholded } from '../../masking/threshold.ts';

it('relative stopping: only a loss below 95 % of the reference counts as better', () => {
  const stopping = new Stopping({ rule: 'relative', patience: 2, tolerance: 0.05 });
  expect([1, 0.96, 0.94, 0.9].map((loss) => stopping.done(loss))).toEqual([false, false, false, false]);
  expect(stopping.done(0.9)).toBe(true); // 0.9 is not below 0.94 * 0.95, twice in a row
});

it('literal stopping: stops when the loss stays more than 5 % above the lowest', () => {
  const stopping = new Stopping({ rule: 'literal', patience: 2, tolerance: 0.05 });
  expect([1, 1.04, 1.2, 1.04, 1.2, 1.2].map((loss) => stopping.done(loss))).toEqual([
    false,
    false,
    false,
    false,
    false,
    true,
  ]);
});

it('negative losses (a log-probability or a logit as f) improve downward too', () => {
  const stopping = new Stopping({ rule: 'relative', patience: 1, tolerance: 0.05 });
  expect([-1, -1.2, -1.21].map((loss) => stopping.done(loss))).toEqual([false, false, true]);
});

it('values above 0.95 become 1, others stay; twice is once', () => {
  const mask = Float32Array.of(0, 0.5, 0.95, 0.951, 1);
  expect(Array.from(thresholded(mask))).toEqual(Array.from(Float32Array.of(0, 0.5, 0.95, 1, 1)));
  expect(thresholded(thresholded(mask))).toEqual(thresholded(mask));
});

it('densities are means of 1 - m per region, background left out', () => {
  const atlas = {
    grid: { shape: [6, 1, 1] as const, affine: [] },
    labels: Int32Array.of(0, 7, 7, 3, 3, 0),
    regions: [
      { value: 3, name: 'Three' },
      { value: 7, name: 'Seven' },
      { value: 9, name: 'Empty' },
    ],
  };
  const use = regionUse(Float32Array.of(0.5, 0, 1, 0.75, 0.75, 0), atlas);
  expect(use.map(({ region, voxels, density, sum }) => [region.name, voxels, density, sum])).toEqual([
    ['Three', 2, 0.25, 0.5],
    ['Seven', 2, 0.5, 1],
    ['Empty', 0, 0, 0],
  ]);
  expect(topRegions(use, 1)[0].region.name).toBe('Seven');
});
