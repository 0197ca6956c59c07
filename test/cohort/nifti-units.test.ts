import { beforeEach, describe, expect, it } from 'vitest';
import { readGrid, readVolume } from '../../cohort/nifti.ts';
import { describeNotes, forgetReadings, readingNotes } from '../../cohort/reading-notes.ts';
import { describeGrid, sameGrid, voxelVolume } from '../../cohort/volume.ts';
import { las, plain, put, type Raw, rawFile, temporaryFolder } from './raw-nifti.ts';

const folder = temporaryFolder();
beforeEach(forgetReadings);

/** A file whose header gives positions in another unit. */
function inUnit(raw: Raw, code: number): Buffer {
  const bytes = rawFile(raw);
  if (raw.version === 2) bytes[raw.little === false ? 503 : 500] = code;
  else bytes[123] = code;
  return bytes;
}

const scaled = (factor: number): Raw => ({ ...plain, sform: las.map((value) => factor * value) });
const byQform = (factor: number): Raw => ({
  dims: plain.dims,
  values: plain.values!,
  qform: {
    quaternion: [0, 1, 0],
    offset: [90 * factor, -126 * factor, -72 * factor],
    pixdim: [-1, 1.5 * factor, 1.5 * factor, 1.5 * factor],
  },
});

describe('spatial units', () => {
  const mm = readVolume(put(folder, 'mm.nii', rawFile(plain)));

  it.each([
    ['metres', 1, 0.001],
    ['micrometres', 3, 1000],
    ['metres and seconds', 1 + 8, 0.001],
  ])('of %s are converted to mm, by sform and qform, in all forms of a header', (_, code, factor) => {
    for (const make of [scaled, byQform])
      for (const version of [1, 2] as const)
        for (const little of [true, false]) {
          const file = put(folder, 'unit.nii', inUnit({ ...make(factor), version, little }, code));
          const volume = readVolume(file);
          expect(sameGrid(volume.grid, mm.grid)).toBe(true);
          expect(sameGrid(readGrid(file), mm.grid)).toBe(true);
          expect(describeGrid(volume.grid)).toBe('2 x 3 x 4 voxels of 1.5 x 1.5 x 1.5 mm');
          expect(voxelVolume(volume.grid)).toBeCloseTo(3.375, 5);
        }
  });

  it('that are unknown or undefined are taken as mm, without a note', () => {
    for (const code of [0, 2, 7]) {
      const { grid } = readVolume(put(folder, 'unit.nii', inUnit(plain, code)));
      expect(grid).toEqual(mm.grid);
    }
    expect(describeNotes()).toBe('');
  });

  it('are noted once per file, however often it is read, and counted', () => {
    const files = ['a', 'b', 'c', 'd'].map((name) => put(folder, `${name}.nii`, inUnit(scaled(0.001), 1)));
    readGrid(files[0]);
    readVolume(files[0]);
    expect(describeNotes()).toBe(`${files[0]}: positions in metres (xyzt_units), converted to mm\n`);
    for (const file of files) readVolume(file);
    expect(describeNotes()).toMatch(/^4 images: positions in metres .*\(.*a\.nii, .*c\.nii and 1 more\)\n$/);
    expect(readingNotes()).toEqual([{ what: expect.stringMatching(/metres/), count: 4, files }]);
  });
});

it('a slope of 0 beside an intercept is noted: nothing is scaled', () => {
  expect([...readVolume(put(folder, 'bare.nii', rawFile({ ...plain, slope: 0 }))).data]).toHaveLength(24);
  expect(describeNotes()).toBe('');
  const file = put(folder, 'dropped.nii', rawFile({ ...plain, slope: 0, intercept: 5 }));
  expect(Math.min(...readVolume(file).data)).toBe(Math.min(...plain.values!));
  expect(describeNotes()).toBe(`${file}: scl_slope is 0 beside an intercept; nothing was scaled\n`);
});

it('a qform that contradicts the sform is noted, one that agrees is not', () => {
  const { qform } = byQform(1);
  readVolume(put(folder, 'agrees.nii', rawFile({ ...plain, qform: qform! })));
  expect(describeNotes()).toBe('');
  const other = { ...qform!, offset: [-90, -126, -72] as [number, number, number] };
  const file = put(folder, 'contradicts.nii', rawFile({ ...plain, qform: other }));
  expect(readVolume(file).grid.affine[3]).toBe(90);
  expect(describeNotes()).toContain(`${file}: sform and qform place the image differently`);
});

it.each([
  ['a quaternion that is longer than 1', { quaternion: [0, 1, 1] }],
  ['an offset that is NaN', { offset: [Number.NaN, 0, 0] }],
  ['a voxel size of 0', { pixdim: [-1, 1.5, 0, 1.5] }],
  ['a handedness of no meaning', { pixdim: [-3, 1.5, 1.5, 1.5] }],
] as const)('a qform with %s beside a sound sform is noted, and left', (_, damage) => {
  const qform = { ...byQform(1).qform!, ...damage } as Raw['qform'];
  const file = put(folder, 'damaged.nii', rawFile({ ...plain, qform: qform! }));
  expect(readGrid(file).affine[3]).toBe(90);
  readVolume(file);
  expect(describeNotes()).toBe(
    `${file}: damaged qform (its code, quaternion, offset or voxel sizes); the sform was taken\n`,
  );
});
