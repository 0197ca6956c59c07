import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { main } from '../../cli/run.ts';
import { readVolume, storageFor, writeVolume } from '../../cohort/nifti.ts';
import { sameGrid } from '../../cohort/volume.ts';
import { temporaryFolder } from '../cohort/raw-nifti.ts';
import { collectPrinted, printed } from './printed.ts';

const folder = temporaryFolder();
const at = (name: string) => path.join(folder, name);
collectPrinted();

const grid = (shape: [number, number, number], step: number, x = 0) => ({
  shape,
  affine: [-step, 0, 0, x, 0, step, 0, 0, 0, 0, step, 0, 0, 0, 0, 1],
});

function write(
  name: string,
  on: ReturnType<typeof grid>,
  value: (i: number) => number,
  orientation: 'LAS' | 'RAS',
): string {
  const data = Float32Array.from({ length: on.shape[0] * on.shape[1] * on.shape[2] }, (_, i) => value(i));
  writeVolume(at(name), data, { grid: on, storage: storageFor(on, orientation) });
  return at(name);
}

const coarse = write('coarse.nii.gz', grid([3, 3, 3], 4), (i) => i + 1, 'RAS');
const fine = write('fine.nii', grid([5, 5, 5], 2), () => 0, 'LAS');
const far = write('far.nii', grid([2, 2, 2], 2, 500), () => 1, 'LAS');

it('writes labels by nearest neighbor as whole numbers, stored as the other image is', async () => {
  expect(await main(['resample', coarse, '--like', fine, '--out', at('labels.nii.gz'), '--nearest'])).toBe(0);
  expect(printed.out).toMatch(/voxels within the image +100\.0 %\nwritten +.*labels\.nii\.gz \(int16\)/);
  const made = readVolume(at('labels.nii.gz'));
  expect(sameGrid(made.grid, readVolume(fine).grid)).toBe(true);
  expect(made.storage.orientation).toEqual(readVolume(fine).storage.orientation);
  expect(made.data[0]).toBe(1);
  expect(made.data[124]).toBe(27);
  expect([...made.data].every(Number.isInteger)).toBe(true);
});

it('interpolates maps, and replaces a file only when asked', async () => {
  const words = ['resample', coarse, '--like', fine, '--out', at('map.nii.gz')];
  expect(await main([...words, '--json'])).toBe(0);
  expect(JSON.parse(printed.out)).toMatchObject({ datatype: 'float32', inside: 1 });
  expect(readVolume(at('map.nii.gz')).data[1]).toBe(1.5);
  expect(await main(words)).toBe(1);
  expect(printed.err).toMatch(/map\.nii\.gz: exists already/);
  expect(await main([...words, '--overwrite'])).toBe(0);
});

it('says on standard error what it assumed: NaN voxels and converted units, once', async () => {
  const values = Float32Array.from({ length: 27 }, (_, i) => (i < 2 ? Number.NaN : i));
  const inMetres = grid([3, 3, 3], 0.004);
  writeVolume(at('metres.nii'), values, { grid: inMetres, storage: storageFor(inMetres, 'LAS') });
  const bytes = readFileSync(at('metres.nii'));
  bytes[123] = 1; // xyzt_units
  writeFileSync(at('metres.nii'), bytes);
  const words = ['resample', at('metres.nii'), '--like', fine, '--out', at('mm.nii'), '--json'];
  expect(await main(words)).toBe(0);
  expect(printed.err).toMatch(/^.*metres\.nii: positions in metres \(xyzt_units\), converted to mm$/m);
  expect(printed.err).toMatch(/metres\.nii \(2 voxels\): NaN voxels, read as 0/);
  expect(printed.err.split('\n')).toHaveLength(3);
  expect(JSON.parse(printed.out)).toMatchObject({ inside: 1, nanCount: 2 });
  expect(sameGrid(readVolume(at('mm.nii')).grid, readVolume(fine).grid)).toBe(true);
});

it('refuses images that do not overlap', async () => {
  expect(await main(['resample', coarse, '--like', far, '--out', at('none.nii.gz')])).toBe(1);
  expect(printed.err).toMatch(/coarse\.nii\.gz: does not overlap .*far\.nii/);
  expect(existsSync(at('none.nii.gz'))).toBe(false);
});
