import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { main } from '../../cli/run.ts';
import { readCohort } from '../../cohort/cohort.ts';
import { readVolume, storageFor, writeVolume } from '../../cohort/nifti.ts';
import { sameGrid } from '../../cohort/volume.ts';
import { inPlaceOf } from './in-place-of.ts';
import { collectPrinted, printed } from './printed.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-cohort-'));
collectPrinted();
afterAll(() => rmSync(folder, { recursive: true }));

const at = (...names: string[]) => path.join(folder, ...names);
const affine = (step: number, shift = 0) => [
  -step,
  0,
  0,
  10 + shift,
  0,
  step,
  0,
  -12,
  0,
  0,
  step,
  -8,
  0,
  0,
  0,
  1,
];
const grid = { shape: [6, 7, 5] as const, affine: affine(3) };
const shifted = { ...grid, affine: affine(3, 1.5) };
const data = Float32Array.from({ length: 6 * 7 * 5 }, (_, i) => ((i * 13) % 100) / 100);

function mapOf(participant: string): string {
  return at(
    `caps/subjects/${participant}/ses-M000/t1/spm/segmentation/normalized_space`,
    `${participant}_ses-M000_T1w_segm-graymatter_space-Ixi549Space_modulated-off_probability.nii.gz`,
  );
}

function put(file: string, lines: string[]): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, lines.map((line) => `${line.replaceAll('|', '\t')}\n`).join(''));
}

beforeAll(() => {
  writeVolume(mapOf('sub-1'), data, { grid, storage: storageFor(grid, 'LAS') });
  writeVolume(mapOf('sub-2'), data, { grid, storage: storageFor(grid, 'RAS') });
  writeVolume(mapOf('sub-3'), data, { grid: shifted, storage: storageFor(shifted, 'LAS') });
  put(at('bids/participants.tsv'), [
    'participant_id|sex|diagnosis',
    'sub-1|F|CN',
    'sub-2|M|AD',
    'sub-3|M|AD',
  ]);
  put(at('bids/sub-1/sub-1_sessions.tsv'), ['session_id|age|MMS', 'ses-M00|70|30']);
  put(at('two.tsv'), ['participant_id', 'sub-3']);
});

const build = (out: string, ...more: string[]) =>
  main(inPlaceOf(['cohort', 'build', at('caps'), '--tables', at('bids'), '--out', at(out), '--quiet'], more));

it('builds a cohort that the other commands read, from images stored LAS and RAS', async () => {
  expect(await build('cohort', '--exclude', at('two.tsv'))).toBe(0);
  expect(printed.out).toMatch(
    /^CAPS: segmentation, space-Ixi549Space, modulated-off, unsmoothed; 6 x 7 x 5 voxels/,
  );
  expect(printed.out).toMatch(/CN +1 +1\nAD +1 +1\n/);
  expect(printed.out).toMatch(/listed in .*two\.tsv +1/);
  const { sessions } = readCohort(at('cohort/cohort.tsv'), ['CN', 'AD']);
  expect(sessions).toMatchObject([
    {
      participantId: 'sub-1',
      sessionId: 'ses-M000',
      diagnosis: 'CN',
      age: 70,
      sex: 'F',
      mmse: 30,
      path: mapOf('sub-1'),
    },
    { participantId: 'sub-2', diagnosis: 'AD', age: null, sex: 'M', path: mapOf('sub-2') },
  ]);
  expect(readFileSync(at('cohort/excluded.tsv'), 'utf8')).toBe(
    `participant_id\tsession_id\treason\nsub-3\tses-M000\tlisted in ${at('two.tsv')}\n`,
  );
  const { options, results } = JSON.parse(readFileSync(at('cohort/build.json'), 'utf8'));
  expect(options).toMatchObject({ unstable: 'drop', mapping: {}, variant: [] });
  expect(results.counts).toEqual({
    CN: { participants: 1, sessions: 1 },
    AD: { participants: 1, sessions: 1 },
  });
  printed.err = '';
  expect(await build('cohort')).toBe(1);
});

it('refuses images of equal shape that lie elsewhere, and resamples them when asked', async () => {
  expect(await build('two')).toBe(1);
  expect(printed.err).toMatch(
    /holds images on 2 grids:\n {2}2 of 6 x 7 x 5 voxels of 3 x 3 x 3 mm with affine/,
  );
  expect(existsSync(at('two'))).toBe(false);
  expect(await build('two', '--resample', '--json')).toBe(0);
  expect(JSON.parse(printed.out)).toMatchObject({ resampled: 1, kind: 'CAPS' });
  const [, , third] = readCohort(at('two/cohort.tsv'), ['CN', 'AD']).sessions;
  expect(third.path).toBe(
    at('two/images', path.basename(mapOf('sub-3')).replace('.nii.gz', '_desc-resampled.nii.gz')),
  );
  const volume = readVolume(third.path);
  expect(sameGrid(volume.grid, grid)).toBe(true);
  // 1.5 mm are half a voxel: the mean of two neighbours along x.
  expect(volume.data[1 * 35]).toBeCloseTo((data[1 * 35] + data[2 * 35]) / 2, 6);
});

it('brings all images onto the grid of another image', async () => {
  expect(await build('onto', '--grid', mapOf('sub-3'), '--resample', '--json')).toBe(0);
  expect(JSON.parse(printed.out).resampled).toBe(2);
  for (const { path: file } of readCohort(at('onto/cohort.tsv'), ['CN', 'AD']).sessions)
    expect(sameGrid(readVolume(file).grid, shifted)).toBe(true);
});

it.each([
  [['--map', 'NL'], 2, /--map takes pairs/],
  [['--variant', 'dartel'], 1, /no image that is dartel/],
  [['--tables', 'nowhere'], 1, /nowhere: does not exist/],
])('refuses %s', async (more, code, message) => {
  expect(await build('bad', ...more)).toBe(code);
  expect(printed.err).toMatch(message);
});

it('names images that cannot be read, all at once', async () => {
  put(at('broken/a.nii'), ['no image']);
  put(at('broken/b.nii'), []);
  put(at('broken/cohort.tsv'), [
    'participant_id|session_id|diagnosis|path',
    '1|bl|CN|a.nii',
    '2|bl|AD|b.nii',
  ]);
  expect(await main(['cohort', 'build', at('broken/cohort.tsv'), '--out', at('x'), '--quiet'])).toBe(1);
  expect(printed.err).toMatch(/2 cannot be read:\n.*a\.nii: is not a NIfTI image\n.*b\.nii: is empty/);
});
