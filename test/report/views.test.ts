import { describe, expect, it } from 'vitest';
import {
  boundingBox,
  chooseSlices,
  fullSpan,
  profiles,
  slicePosition,
  spacing,
  views,
} from '../../report/views.ts';
import { cubicGrid, fill } from './volumes.ts';

const grid = cubicGrid([9, 11, 7], 2);
const [coronal, axial, sagittal] = views;

describe('views', () => {
  it('measures voxels and slice positions through the affine', () => {
    expect(spacing(grid)).toEqual([2, 2, 2]);
    expect(slicePosition(grid, sagittal, 0)).toBe(8);
    expect(slicePosition(grid, coronal, 0)).toBe(-10);
    expect(slicePosition(grid, axial, 6)).toBe(6);
  });

  it('finds the box of a part of the volume, and the whole grid when there is none', () => {
    const volume = fill(grid, (x, y, z) => (x === 4 && y >= 0 && z === -2 ? 1 : 0));
    expect(boundingBox(grid, (voxel) => volume[voxel] > 0)).toEqual([
      [2, 2],
      [5, 10],
      [2, 2],
    ]);
    expect(boundingBox(grid, () => false)).toEqual([
      [0, 8],
      [0, 10],
      [0, 6],
    ]);
  });

  it('sums every slice along each axis', () => {
    const [x, y, z] = profiles(grid, () => 1);
    expect([x[0], y[0], z[0]]).toEqual([77, 63, 99]);
    const [left] = profiles(grid, (voxel) => (voxel < 77 ? 2 : 0));
    expect(left).toEqual([154, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('keeps to the slices that hold a tenth of the richest or more', () => {
    expect(fullSpan([0, 0.5, 1, 0, 10, 3, 0.9, 0])).toEqual([2, 5]);
    expect(fullSpan([0, 0, 0])).toEqual([0, 2]);
  });
});

describe('chooseSlices', () => {
  it('takes the richest slice and keeps the others apart', () => {
    const profile = Array.from({ length: 61 }, (_, i) => Math.exp(-(((i - 17) / 6) ** 2)));
    const chosen = chooseSlices(profile, [0, 60], 5);
    expect(chosen).toHaveLength(5);
    expect(chosen).toContain(17);
    for (let i = 1; i < chosen.length; i++) expect(chosen[i] - chosen[i - 1]).toBeGreaterThanOrEqual(5);
  });

  it('spreads over the brain when nothing is occluded', () => {
    expect(chooseSlices(new Array(41).fill(0), [0, 40], 3)).toEqual([10, 20, 30]);
  });

  it('stays within the span, and takes all of it when there are too few slices', () => {
    expect(chooseSlices([9, 9, 0, 0, 0, 9], [2, 4], 6)).toEqual([2, 3, 4]);
  });
});
