import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { main } from '../../cli/run.ts';
import { readVolume, writeVolume } from '../../cohort/nifti.ts';
import { readTable } from '../../cohort/table.ts';
import { readModel } from '../../model/model-file.ts';
import { inPlaceOf } from './in-place-of.ts';
import { maskCohort } from './mask-cohort.ts';
import { collectPrinted, printed } from './printed.ts';

const made = maskCohort();
const { files, model, cohort } = made;
const place = (name: string) => path.join(made.folder, name);
const like = readVolume(cohort.sessions[0].path);

collectPrinted();
afterAll(() => rmSync(made.folder, { recursive: true }));

/** Two masks: one hides everything, one nothing. */
beforeAll(() => {
  for (const [name, value] of [
    ['all', 0],
    ['nothing', 1],
  ] as const) {
    const data = new Float32Array(like.data.length).fill(value);
    writeVolume(place(`${name}.nii.gz`), data, like, { datatype: 'float32', slope: 1 });
  }
});

function feedback(name: string, mask: string, ...more: string[]): Promise<number> {
  const fixed = [
    '--model',
    model,
    '--cohort',
    files.cohort,
    '--atlas',
    files.atlas,
    '--labels',
    files.labels,
  ];
  const quick = ['--train-epochs', '1', '--train-batch-size', '4', '--steps', '3', '--quiet'];
  const words = ['feedback', ...fixed, '--mask', place(mask), '--out', place(name), ...quick];
  return main(inPlaceOf(words, more));
}

it('trains on, masks anew, and sets both networks and both masks side by side', async () => {
  expect(await feedback('fed', 'all.nii.gz', '--share', '1', '--json'), printed.err).toBe(0);
  const { before, after, regions, similarity, paths, epochs } = JSON.parse(printed.out);
  expect(epochs).toHaveLength(1);
  // behind a mask of zeros all images are the same, so their mean probability is that of any of them
  expect(before.probabilities.unmasked).not.toBeCloseTo(before.probabilities.before, 3);
  expect(after.probabilities.unmasked).not.toBe(before.probabilities.unmasked);
  for (const { before } of regions) expect([0, 1]).toContain(before);
  expect(similarity === null || (similarity >= 0 && similarity <= 1)).toBe(true);
  const table = readTable(paths.regions).rows;
  expect(table.map((row) => Number(row.after))).toEqual(regions.map((row: { after: number }) => row.after));
  expect(existsSync(path.join(paths.mask, 'mask.nii.gz'))).toBe(true);
  expect(readFileSync(paths.masks).subarray(1, 4).toString()).toBe('PNG');
  expect(JSON.parse(readFileSync(paths.sidecar, 'utf8')).results.share).toBe(1);
});

it('a mask that hides nothing is plain training, one that hides all is another', async () => {
  for (const name of ['plain', 'plain-again'])
    expect(
      await feedback(name, 'nothing.nii.gz', '--share', name === 'plain' ? '1' : '0.5'),
      printed.err,
    ).toBe(0);
  const weights = (name: string) =>
    readModel(place(`${name}/model.safetensors`)).weights.get('fc.FC0.0.weight')!.data;
  expect(weights('plain')).toEqual(weights('plain-again'));
  expect(weights('plain')).not.toEqual(weights('fed'));
});

it.each<[string, string[], number, RegExp]>([
  ['no share', ['--share', '0'], 2, /--share takes a number above 0/],
  ['no epoch', ['--train-epochs', '0'], 2, /--train-epochs takes a whole number from 1/],
  ['another cohort', ['--independent'], 1, /needs the cohort that the network was trained with/],
])('refuses %s', async (_, words, code, fault) => {
  expect(await feedback('refused', 'all.nii.gz', ...words)).toBe(code);
  expect(printed.err).toMatch(fault);
});
