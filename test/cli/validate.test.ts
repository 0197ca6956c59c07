import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { main } from '../../cli/run.ts';
import { readAtlas } from '../../cohort/atlas.ts';
import { readVolume, writeVolume } from '../../cohort/nifti.ts';
import { readTable } from '../../cohort/table.ts';
import { maskCohort } from './mask-cohort.ts';
import { collectPrinted, printed } from './printed.ts';

const made = maskCohort();
const { files, model, cohort } = made;
const like = readVolume(cohort.sessions[0].path);
const atlas = readAtlas(files.atlas, files.labels);
const planted = new Set(
  atlas.regions.filter(({ name }) => files.plantedRegions.includes(name)).map(({ value }) => value),
);
const truth = Float32Array.from(atlas.labels, (label) => Number(planted.has(label)));

collectPrinted();
afterAll(() => rmSync(made.folder, { recursive: true }));

function place(name: string): string {
  return path.join(made.folder, name);
}

/** The truth itself as a mask, in a folder; and a mask of its complement. */
beforeAll(() => {
  writeVolume(
    place('perfect/mask.nii.gz'),
    truth.map((inside) => 1 - 0.9 * inside),
    like,
    { slope: 1, datatype: 'float32' },
  );
  writeVolume(
    place('same_probseg.nii.gz'),
    truth.map((inside) => 0.9 * inside),
    like,
    { slope: 1, datatype: 'float32' },
  );
  writeVolume(
    place('wrong.nii.gz'),
    truth.map((inside) => 0.1 + 0.9 * inside),
    like,
    { slope: 1, datatype: 'float32' },
  );
  writeVolume(
    place('beyond.nii.gz'),
    truth.map((inside) => 1.5 * inside),
    like,
    { slope: 1, datatype: 'float32' },
  );
});

function validate(name: string, ...more: string[]): Promise<number> {
  const fixed = ['--model', model, '--cohort', files.cohort, '--out', place(name), '--quiet'];
  return main(['validate', ...fixed, ...more]);
}

const known = ['--truth', files.truth, '--atlas', files.atlas, '--labels', files.labels];

it('reads a probability segmentation as 1 - m', async () => {
  const maps = [place('perfect'), place('same_probseg.nii.gz')];
  expect(await validate('probseg', ...known, '--shares', '0,20,100', '--json', ...maps)).toBe(0);
  const [perfect, same] = JSON.parse(printed.out).measured;
  expect(same).toEqual({ ...perfect, name: 'same_probseg', path: same.path });
});

it('sets maps beside the truth and beside random orders, in tables and pictures', async () => {
  const maps = [place('perfect'), `other=${place('wrong.nii.gz')}`];
  expect(await validate('both', ...known, '--shares', '0,1,20,100', '--json', ...maps)).toBe(0);
  expect(printed.err).toBe('');
  const { measured, paths, images, brainVoxels } = JSON.parse(printed.out);
  const names = ['perfect', 'other', 'planted', 'random regions', 'random voxels'];
  expect(measured.map(({ name }: { name: string }) => name)).toEqual(names);
  expect(images).toEqual({ used: 2, of: 2 });
  const [perfect, other, plantedCurve, ...rest] = measured;
  expect(perfect.overlap).toMatchObject({ precision: 1, recall: 1, averagePrecision: 1 });
  expect(other.overlap.recall).toBe(0);
  // all true voxels come last, at once: precision is then their share
  expect(other.overlap.averagePrecision).toBeCloseTo(other.overlap.chance, 12);
  for (const one of [plantedCurve, ...rest]) expect(one.overlap).toBe(null);

  // nothing deleted: the plain probability, the same in every curve
  printed.out = '';
  const paths2 = cohort.sessions.filter(({ diagnosis }) => diagnosis === 'AD').map((session) => session.path);
  expect(await main(['predict', '--model', model, '--json', '--quiet', ...paths2])).toBe(0);
  const validation = readTable(made.split).rows.filter(
    (row) => row.set === 'validation' && row.diagnosis === 'AD',
  );
  const probabilities = JSON.parse(printed.out)
    .images.filter(({ path: image }: { path: string }) =>
      validation.some((row) => image.includes(row.participant_id)),
    )
    .map(({ probabilities }: { probabilities: Record<string, number> }) => probabilities.AD);
  expect(probabilities).toHaveLength(2);
  const plain = (probabilities[0] + probabilities[1]) / 2;
  for (const { curve } of measured) expect(curve.probability[0]).toBeCloseTo(plain, 6);
  // as a map that is the truth puts the same voxels first as the truth
  expect(perfect.curve).toEqual(plantedCurve.curve);
  // with all of the brain gone, only what lies outside may still differ
  expect(rest[1].curve.probability[3]).not.toBeCloseTo(plain, 3);

  const deletion = readTable(paths.deletion);
  expect(deletion.columns).toEqual(['share', ...names]);
  expect(deletion.rows.map((row) => Number(row.other))).toEqual(other.curve.probability);
  const table = readTable(paths.table).rows;
  expect(table.map((row) => row.kind)).toEqual(['map', 'map', 'comparison', 'comparison', 'comparison']);
  expect(Number(table[0].deletion_area)).toBe(perfect.curve.area);
  expect(table[2].precision).toBe('n/a');
  for (const picture of [paths.deletionPicture, paths.maps])
    expect(readFileSync(picture).subarray(1, 4).toString()).toBe('PNG');
  expect(brainVoxels).toBeGreaterThan(1000);
});

it('without a truth or an atlas there are the curves alone, and the same bytes for the same seed', async () => {
  for (const name of ['one', 'two'])
    expect(await validate(name, place('perfect'), '--shares', '0,5', '--seed', '3')).toBe(0);
  for (const file of ['validation.tsv', 'deletion.tsv', 'deletion.png', 'maps.png'])
    expect(readFileSync(place(`one/${file}`)).equals(readFileSync(place(`two/${file}`))), file).toBe(true);
  const { columns } = readTable(place('one/deletion.tsv'));
  expect(columns).toEqual(['share', 'perfect', 'random voxels']);
  expect(printed.out).toMatch(/^map +area under deletion +state\n/);
});

const noTruth = () => {
  writeFileSync(place('empty.json'), '{"atrophiedRegions": []}');
  return [place('perfect'), '--truth', place('empty.json'), '--atlas', files.atlas, '--labels', files.labels];
};

it.each<[string, () => string[], number, RegExp]>([
  [
    'values that no mask has',
    () => [place('beyond.nii.gz')],
    1,
    /beyond\.nii\.gz has \d+ of \d+ voxels outside 0 to 1 \(values from 0 to 1\.5\)/,
  ],
  [
    'one name twice',
    () => [place('perfect'), `perfect=${place('wrong.nii.gz')}`],
    1,
    /second map named perfect.*NAME=PLACE/,
  ],
  ['a folder without a mask', () => [place('ad')], 1, /holds no mask_thresholded\.nii\.gz or mask\.nii\.gz/],
  [
    'a truth without an atlas',
    () => [place('perfect'), '--truth', files.truth],
    1,
    /Give --atlas and --labels/,
  ],
  ['a truth without atrophy', noTruth, 1, /does not say where atrophy was planted/],
  [
    'shares that fall',
    () => [place('perfect'), '--shares', '5,1'],
    2,
    /--shares takes rising numbers from 0 to 100/,
  ],
])('refuses %s', async (_, words, code, fault) => {
  expect(await validate('refused', ...words())).toBe(code);
  expect(printed.err).toMatch(fault);
  expect(existsSync(place('refused/validation.tsv'))).toBe(false);
});
