import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { main } from '../../cli/run.ts';
import { readVolume } from '../../cohort/nifti.ts';
import { readTable } from '../../cohort/table.ts';
import { maskCohort } from './mask-cohort.ts';
import { collectPrinted, printed } from './printed.ts';

const made = maskCohort();
const place = (...names: string[]) => path.join(made.folder, ...names);
const [ill] = made.cohort.sessions.filter(({ diagnosis }) => diagnosis === 'AD');
const bytes = (...names: string[]) => readFileSync(place(...names)).toString('base64');

collectPrinted();
afterAll(() => rmSync(made.folder, { recursive: true }));

/** A mask of some steps into `out`. */
function mask(kind: 'group' | 'session', name: string, ...more: string[]): Promise<number> {
  const { model, files } = made;
  const steps = more.includes('--steps') ? [] : ['--steps', '4'];
  const images = more.includes('--image') ? [] : ['--cohort', files.cohort];
  const given = ['--model', model, ...images, '--out', place(name), ...steps, '--quiet'];
  return main(['mask', kind, ...given, ...more]);
}

function objectiveOf(...names: string[]) {
  return JSON.parse(readFileSync(place(...names), 'utf8')).options.objective;
}

it('hides the area asked for, of a group and of a session, and records it', async () => {
  const words = ['--area', '0.02', '--area-weight', '300', '--lambda2', '0'];
  expect(await mask('group', 'area', ...words, '--steps', '40')).toBe(0);
  const { data } = readVolume(place('area', 'mask.nii.gz'));
  const hidden = data.reduce((sum, m) => sum + 1 - m, 0) / data.length;
  expect(hidden).toBeGreaterThan(0.018);
  expect(hidden).toBeLessThan(0.022);
  const area = { share: 0.02, weight: 300 };
  expect(objectiveOf('area', 'mask.json')).toMatchObject({ lambda1: 0, area });

  expect(await mask('session', 'one', ...words, '--image', ill.path)).toBe(0);
  expect(objectiveOf('one', 'mask.json')).toMatchObject({ lambda1: 0, area });
  // the penalty of a mask of ones is the weight times the share, for the mean over the voxels
  const [first] = readTable(place('one', 'losses.tsv')).rows;
  expect(Number(first.size)).toBeCloseTo(300 * (Math.round(0.02 * data.length) / data.length), 4);
});

it('records a coarser grid, shifts and noise; options that change nothing leave the bytes of a mask', async () => {
  const forms = ['--mask-grid', '3', '--shift', '2', '--noise', '0.02', '--seed', '9'];
  const nothing = ['--shift', '0', '--noise', '0', '--seed', '0'];
  for (const kind of ['group', 'session'] as const) {
    const session = kind === 'session' ? ['--image', ill.path, '--no-early-stopping'] : [];
    expect(await mask(kind, `${kind} plain`, ...session)).toBe(0);
    expect(await mask(kind, `${kind} nothing`, ...session, ...nothing)).toBe(0);
    expect(bytes(`${kind} nothing`, 'mask.nii.gz')).toBe(bytes(`${kind} plain`, 'mask.nii.gz'));
    expect(objectiveOf(`${kind} nothing`, 'mask.json')).toEqual(objectiveOf(`${kind} plain`, 'mask.json'));
    expect(await mask(kind, `${kind} formed`, ...session, ...forms)).toBe(0);
    expect(objectiveOf(`${kind} formed`, 'mask.json')).toMatchObject({
      maskGrid: 3,
      perturbation: { shift: 2, noise: 0.02, seed: 9 },
    });
    expect(bytes(`${kind} formed`, 'mask.nii.gz')).not.toBe(bytes(`${kind} plain`, 'mask.nii.gz'));
  }
  printed.err = '';
  const other = ['--image', ill.path, '--no-early-stopping', ...forms.slice(0, -1), '10'];
  expect(await mask('session', 'session formed', ...other)).toBe(1);
  expect(printed.err).toMatch(/holds a mask made with other options/);
});

it.each([
  [['--area', '0'], /--area takes a number above 0 and below 1/],
  [['--area', '1'], /--area takes a number above 0 and below 1/],
  [['--area', '0.000001'], /--area 0.000001: is 0 of the \d+ voxels of the images. Give a share/],
  [['--area-weight', '3'], /--area-weight weighs an area: give --area with it/],
  [['--area', '0.1', '--area-weight', '0'], /--area-weight takes a number above 0/],
  [['--area', '0.1', '--lambda1', '0.5'], /--area takes the place of --lambda1 and --beta1/],
  [['--area', '0.1', '--beta1', '1'], /--area takes the place of --lambda1 and --beta1/],
  [['--shift', '1.5'], /--shift takes a whole number of voxels from 0/],
  [['--shift', '40'], /--shift 40: moves images of .* voxels out of sight. Give less than half of/],
  [['--noise', '-1'], /--noise takes a number from 0/],
  [['--seed', '-1', '--noise', '1'], /--seed takes a whole number from 0/],
  [['--mask-grid', '1'], /--mask-grid takes a whole number of voxels from 2 to 4/],
  [['--mask-grid', '2.5'], /--mask-grid takes a whole number of voxels from 2 to 4/],
])('refuses %j', async (words, message) => {
  for (const kind of ['group', 'session'] as const) {
    printed.err = '';
    expect(await mask(kind, 'refused', ...words)).not.toBe(0);
    expect(printed.err).toMatch(message);
  }
});
