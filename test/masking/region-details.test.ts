import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Atlas } from '../../cohort/atlas.ts';
import { asIn2019 } from '../../cohort/atlas-faults.ts';
import { toWorld } from '../../cohort/volume.ts';
import { maskFault } from '../../masking/mask-values.ts';
import { regionDetails } from '../../masking/region-details.ts';

const grid = {
  shape: [2, 3, 2] as const,
  affine: [-2, 0, 0, 10, 0, 2, 0, -20, 0, 0, 3, 5, 0, 0, 0, 1],
};
// z fastest: voxel (x, y, z) is 6 x + 2 y + z
const atlas: Atlas = {
  grid,
  labels: Int32Array.from([1, 1, 1, 1, 2, 2, 3, 3, 0, 0, 0, 0]),
  regions: [
    { value: 1, name: 'Amygdala_L' },
    { value: 2, name: 'Amygdala_R' },
    { value: 3, name: 'Insula_L' },
    { value: 9, name: 'Vermis_1_2' },
  ],
};
const mask = Float32Array.from([1, 0.5, 0.25, 1, 0.96, 1, 1, 1, 0, 1, 1, 1]);

it('tells density, sum, touched volume and peak of every region, and what lies outside', () => {
  const { regions, total, outsideShare, touchedVolume } = regionDetails(mask, atlas);
  const [left, right, insula, vermis] = regions;
  expect(left).toMatchObject({ voxels: 4, density: 1.25 / 4, sum: 1.25, touchedVolume: 24 });
  expect(left.peak).toEqual({ value: 0.75, at: toWorld(grid, 0, 1, 0) });
  expect(left.peak?.at).toEqual([10, -18, 5]);
  // 0.96 is above the threshold: hidden a little, and not touched
  expect(right).toMatchObject({ voxels: 2, touchedVolume: 0 });
  expect(right.sum).toBeCloseTo(0.04, 6);
  expect(right.peak?.at).toEqual([10, -16, 5]);
  expect(insula).toMatchObject({ voxels: 2, density: 0, peak: null });
  expect(vermis).toMatchObject({ voxels: 0, density: 0, touchedVolume: 0, peak: null });
  expect(total).toBeCloseTo(2.29, 6);
  expect(outsideShare).toBeCloseTo(1 / 2.29, 6);
  expect(touchedVolume).toBe(36);
});

it('adds up: regions and what lies outside make the whole', () => {
  const values = fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { minLength: 12, maxLength: 12 });
  fc.assert(
    fc.property(values, (drawn) => {
      const { regions, total, outsideShare, touchedVolume } = regionDetails(Float32Array.from(drawn), atlas);
      const inside = regions.reduce((sum, { sum: its }) => sum + its, 0);
      expect(inside + (outsideShare ?? 0) * total).toBeCloseTo(total, 9);
      expect(outsideShare === null).toBe(total === 0);
      expect(regions.reduce((sum, its) => sum + its.touchedVolume, 0)).toBeLessThanOrEqual(touchedVolume);
      for (const { peak, density } of regions) expect(peak?.value ?? 0).toBeGreaterThanOrEqual(density);
    }),
  );
});

it('gives the left amygdala the value of the right one, as the table of 2019 did', () => {
  const [left, right, insula] = regionDetails(mask, asIn2019(atlas)).regions;
  const [trueLeft, trueRight] = regionDetails(mask, atlas).regions;
  expect(left.region.name).toBe('Amygdala_L');
  expect(left).toMatchObject({ voxels: 2, sum: trueRight.sum, peak: trueRight.peak });
  expect(right.sum).toBe(trueRight.sum);
  expect(left.sum).not.toBe(trueLeft.sum);
  expect(insula.voxels).toBe(2);
  // its own voxels belong to no region then
  expect(regionDetails(mask, asIn2019(atlas)).outsideShare).toBeCloseTo((1 + 1.25) / 2.29, 6);
  expect(() => asIn2019({ ...atlas, regions: atlas.regions.slice(2) })).toThrow(
    /no Amygdala_L and Amygdala_R/,
  );
});

it('finds values that no mask has', () => {
  expect(maskFault(mask)).toBeNull();
  expect(maskFault(Float32Array.of(0, 1.000001))).toBeNull();
  expect(maskFault(Float32Array.of(0, -0.25, 2, 1))).toBe(
    'has 2 of 4 voxels outside 0 to 1 (values from -0.25 to 2)',
  );
  expect(maskFault(mask, 3)).toBe('holds 3 voxels that are no number');
});
