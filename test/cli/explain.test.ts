import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { main } from '../../cli/run.ts';
import { readAtlas } from '../../cohort/atlas.ts';
import { readVolume, storageFor, writeVolume } from '../../cohort/nifti.ts';
import { readTable } from '../../cohort/table.ts';
import { methods } from '../../masking/attribution/index.ts';
import { maskCohort } from './mask-cohort.ts';
import { collectPrinted, printed } from './printed.ts';

const made = maskCohort();
const { files, model, modelOfCn, cohort } = made;
const atlas = ['--atlas', files.atlas, '--labels', files.labels];
const quick = ['--samples', '2', '--path-steps', '4', '--cube', '60', '--stride', '60', '--quiet'];

collectPrinted();
afterAll(() => rmSync(made.folder, { recursive: true }));

function place(name: string): string {
  return path.join(made.folder, name);
}

function explain(name: string, ...more: string[]): Promise<number> {
  return main(['explain', '--model', model, '--out', place(name), ...quick, ...more]);
}

it("writes every method's mean map over the images of the class, as it is and as a mask", async () => {
  expect(await explain('all', '--cohort', files.cohort, ...atlas, '--json')).toBe(0);
  expect(printed.err).toBe('');
  const results = JSON.parse(printed.out);
  expect(results.map((result: { method: string }) => result.method)).toEqual(methods);
  const { labels } = readAtlas(files.atlas, files.labels);
  const { grid } = readVolume(cohort.sessions[0].path);
  for (const { method, paths, images, completeness } of results) {
    expect(images).toEqual({ used: 4, of: 4 });
    const map = readVolume(paths.attribution);
    const mask = readVolume(paths.mask);
    expect(map.grid).toEqual(grid);
    const most = Math.max(...map.data);
    expect(most, method).toBeGreaterThan(0);
    mask.data.forEach((m, u) => {
      if (Math.abs(1 - Math.max(0, map.data[u]) / most - m) > 1e-6) throw new Error(`${method}: voxel ${u}`);
    });
    const [row] = readTable(paths.regions).rows;
    const inside = mask.data.filter((_, u) => labels[u] === Number(row.value));
    expect(Number(row.density)).toBeCloseTo(1 - inside.reduce((a, b) => a + b) / inside.length, 5);
    for (const picture of [paths.mosaic, paths.regionsPicture])
      expect(readFileSync(picture).subarray(1, 4).toString()).toBe('PNG');
    expect(completeness === null).toBe(method !== 'integrated-gradients');
    const sidecar = JSON.parse(readFileSync(paths.sidecar, 'utf8'));
    expect(sidecar.options).toMatchObject({ method, className: 'AD', score: 'logit' });
    expect(sidecar.results.explained).toHaveLength(4);
  }
});

it('the mean over a cohort is the mean of the maps of its images', async () => {
  const words = ['--method', 'integrated-gradients'];
  expect(await explain('mean', '--cohort', files.cohort, ...words)).toBe(0);
  expect(printed.out).toMatch(/score of the image minus that of mu +-?\d/);
  const mean = readVolume(place('mean/integrated-gradients/attribution.nii.gz')).data;
  const sums = new Float64Array(mean.length);
  const explained = JSON.parse(readFileSync(place('mean/integrated-gradients/explain.json'), 'utf8')).results
    .explained;
  for (const [i, name] of explained.entries()) {
    const session = cohort.sessions.find((one) => `${one.participantId} ${one.sessionId}` === name)!;
    expect(await explain(`one-${i}`, '--image', session.path, ...words)).toBe(0);
    readVolume(place(`one-${i}/integrated-gradients/attribution.nii.gz`)).data.forEach((value, u) => {
      sums[u] += value / explained.length;
    });
  }
  const most = Math.max(...mean.map(Math.abs));
  expect(Math.max(...sums.map((sum, u) => Math.abs(sum - mean[u])))).toBeLessThan(1e-5 * most);
});

it('replaces a map only when asked, and gives the same bytes again', async () => {
  const words = ['--image', cohort.sessions[0].path, '--method', 'smoothgrad', '--seed', '3'];
  const file = place('again/smoothgrad/attribution.nii.gz');
  expect(await explain('again', ...words)).toBe(0);
  const before = readFileSync(file);
  expect(await explain('again', ...words)).toBe(1);
  expect(printed.err).toMatch(/contains attribution\.nii\.gz already.*--overwrite/);
  expect(await explain('again', ...words, '--overwrite')).toBe(0);
  expect(readFileSync(file).equals(before)).toBe(true);
});

const image = ['--image', cohort.sessions[0].path];
const small = () => {
  const file = place('small.nii.gz');
  const grid = { shape: [4, 4, 4] as const, affine: [-6, 0, 0, 0, 0, 6, 0, 0, 0, 0, 6, 0, 0, 0, 0, 1] };
  writeVolume(file, new Float32Array(64), { grid, storage: storageFor(grid, 'LAS') });
  return ['--image', file];
};

it.each<[string, string[] | (() => string[]), number, RegExp]>([
  ['neither cohort nor image', [], 2, /Give either --cohort or --image/],
  ['both', [...image, '--cohort', files.cohort], 2, /Give either --cohort or --image/],
  ['an unknown method', [...image, '--method', 'lime'], 2, /--method takes gradient, .*, not lime/],
  ['a stride that leaves gaps', [...image, '--stride', '90'], 2, /--stride is at most --cube/],
  ['no samples', [...image, '--samples', '0'], 2, /--samples takes a whole number from 1/],
  [
    'a block that is not there',
    [...image, '--block', '2', '--method', 'grad-cam'],
    1,
    /has no block 2. Choose one from 0 to 1/,
  ],
  ['another shape', small, 1, /small\.nii\.gz: has 4 x 4 x 4 voxels of .*, but .* takes/],
  [
    'no correct image',
    ['--cohort', files.cohort, '--model', modelOfCn],
    1,
    /none of its 4 AD images is classified correctly/,
  ],
])('refuses %s', async (_, words, code, fault) => {
  const given = typeof words === 'function' ? words() : words;
  const own = given.includes('--model') ? [] : ['--model', model];
  expect(await main(['explain', ...own, '--out', place('refused'), '--quiet', ...given])).toBe(code);
  expect(printed.err).toMatch(fault);
  expect(existsSync(place('refused/grad-cam/attribution.nii.gz'))).toBe(false);
});
