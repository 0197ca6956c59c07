import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { main } from '../../cli/run.ts';
import { readCohort } from '../../cohort/cohort.ts';
import { collectPrinted, printed } from './printed.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-simulate-'));
collectPrinted();
afterAll(() => rmSync(folder, { recursive: true }));

it('writes a cohort and says where everything is; overwrites it only when asked', async () => {
  const place = path.join(folder, 'cohort');
  const truth = () => readFileSync(path.join(place, 'truth.json'), 'utf8');
  const argv = ['simulate', place, '--participants', '1'];

  expect(await main([...argv, '--quiet', '--regions', 'Hippocampus_L, Insula_R'])).toBe(0);
  expect(printed.err).toBe('');
  expect(printed.out).toMatch(/cohort\.tsv +2 sessions: 1 CN and 1 AD/);
  expect(printed.out).toMatch(/\natrophy planted in Hippocampus_L, Insula_R\n$/);
  const files = printed.out.split('\n').slice(2, 8);
  for (const line of files) expect(existsSync(line.split('  ')[0])).toBe(true);
  expect(readCohort(path.join(place, 'cohort.tsv'), ['CN', 'AD']).sessions).toHaveLength(2);
  expect(JSON.parse(readFileSync(path.join(place, 'simulate.json'), 'utf8')).options).toEqual({
    participantsPerClass: 1,
    strength: 0.3,
    resolution: 6,
    seed: 1,
    overwrite: false,
    regions: ['Hippocampus_L', 'Insula_R'],
  });

  const before = truth();
  expect(await main([...argv, '--seed', '5'])).toBe(1);
  expect(printed.err).toMatch(/^voxmask: .*holds a cohort already.*\n$/);
  expect(truth()).toBe(before);

  printed.out = '';
  expect(await main([...argv, '--seed', '5', '--overwrite', '--json'])).toBe(0);
  const result = JSON.parse(printed.out);
  expect(result.cohort).toBe(path.join(place, 'cohort.tsv'));
  expect(result.plantedRegions).toContain('Amygdala_R');
  expect(printed.err).toContain('Simulating: 100 %, 2/2');
  expect(truth()).not.toBe(before);
});

it.each([
  [['--participants', 'many'], 2, /--participants takes a number/],
  [['--participants'], 2, /Not enough arguments following: participants/],
  [['--template', 'gm.nii'], 2, /--template, --atlas and --labels are given together/],
  [['--strength', '3'], 1, /strength: is 3\. Give a fraction from 0 to 0\.8/],
  [['--regions', 'Hipocampus_L'], 1, /"Hipocampus_L" is not a region of the atlas.*Hippocampus_L/],
  [['--resolution', '5'], 1, /resolution: is 5 mm\. Choose/],
])('refuses %j', async (words, code, fault) => {
  const place = path.join(folder, 'refused');
  expect(await main(['simulate', place, ...words])).toBe(code);
  expect(printed.err.split('\n')[0]).toMatch(fault);
  expect(printed.err).not.toContain('    at ');
  expect(printed.out).toBe('');
  expect(existsSync(path.join(place, 'cohort.tsv'))).toBe(false);
});
