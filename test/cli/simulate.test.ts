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
  expect(printed.err).toMatch(/^voxmask: .*contains cohort\.tsv already.*\n$/);
  expect(truth()).toBe(before);

  printed.out = '';
  expect(await main([...argv, '--seed', '5', '--overwrite', '--json'])).toBe(0);
  const result = JSON.parse(printed.out);
  expect(result.cohort).toBe(path.join(place, 'cohort.tsv'));
  expect(result.plantedRegions).toContain('Amygdala_R');
  expect(printed.err).toContain('Simulating: 100 %, 2/2');
  expect(truth()).not.toBe(before);
});

it('writes a study as the command line asks for it', async () => {
  const place = path.join(folder, 'study');
  const words =
    '--layout caps --covariates --counts CN=2:3,AD:3:7 --prefix AIBL --gamma 1.2 --failures low-maximum:1,eyes:2 --side right --subtypes 2';
  expect(await main(['simulate', place, '--quiet', ...words.split(' ')])).toBe(0);
  expect(printed.out).toMatch(/cohort\.tsv +10 sessions: 3 CN and 7 AD/);
  expect(printed.out).toMatch(/planted in Hippocampus_R, Amygdala_R, ParaHippocampal_R\n$/);
  const files = printed.out.split('\n').slice(2, 9);
  for (const line of files) expect(existsSync(line.split('  ')[0])).toBe(true);
  const { sessions } = readCohort(path.join(place, 'cohort.tsv'), ['CN', 'AD']);
  const people = new Set(sessions.map(({ participantId }) => participantId));
  expect([...people]).toEqual(['CN001', 'CN002', 'AD001', 'AD002', 'AD003'].map((id) => `sub-AIBL${id}`));
  expect(sessions.every(({ mmse, cdr }) => mmse !== null && cdr !== null)).toBe(true);
  const truth = JSON.parse(readFileSync(path.join(place, 'truth.json'), 'utf8'));
  expect(truth.options).toMatchObject({
    counts: { CN: { participants: 2, sessions: 3 }, AD: { participants: 3, sessions: 7 } },
    site: { prefix: 'AIBL', gamma: 1.2, smoothing: 0, warp: 1 },
    failures: { lowMaximum: 1, eyes: 2 },
    layout: 'caps',
  });
  const failures = truth.sessions.map(({ failure }: { failure: string | null }) => failure);
  expect(failures.filter(Boolean).sort()).toEqual(['eyes', 'eyes', 'low maximum']);
});

it.each([
  [['--counts', 'CN=2:3'], 2, /--counts takes both classes once/],
  [['--counts', 'CN=2:3,AD=1:1,AD=2:2'], 2, /--counts takes both classes once/],
  [['--counts', 'CN=2,AD=2'], 2, /--counts takes participants and sessions of both classes/],
  [['--counts', 'CN=2:3,AD=2:2', '--sessions', '2'], 2, /--counts goes without --sessions/],
  [['--interval', '12'], 2, /--interval goes with --sessions/],
  [['--progression', '0.1'], 2, /--progression goes with --sessions or --counts/],
  [['--failures', 'nose:1'], 2, /--failures takes numbers of sessions/],
  [['--failures', 'eyes:1,eyes:2'], 2, /--failures names a kind twice/],
  [['--participants', '1', '--failures', 'eyes:3'], 1, /failures: are 3 among 2 sessions/],
  [['--variants'], 2, /--variants goes with --layout caps/],
  [['--participants', 'many'], 2, /--participants takes a number/],
  [['--participants'], 2, /--participants needs a value/],
  [['--template', 'gm.nii'], 2, /--template, --atlas and --labels are given together/],
  [['--strength', '3'], 2, /--strength takes a number from 0 to 0\.8/],
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
