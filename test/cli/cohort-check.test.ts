import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { main } from '../../cli/run.ts';
import { readCohort, type Session } from '../../cohort/cohort.ts';
import { readVolume, storageFor, writeVolume } from '../../cohort/nifti.ts';
import { simulateCohort } from '../../cohort/simulate/index.ts';
import { formatTable, readTable } from '../../cohort/table.ts';
import { collectPrinted, printed } from './printed.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-check-'));
const at = (...names: string[]) => path.join(folder, ...names);
const { cohort } = simulateCohort(at('cohort'), {
  participantsPerClass: 8,
  strength: 0.2,
  resolution: 6,
  seed: 3,
});
const { sessions } = readCohort(cohort, ['CN', 'AD']);
const name = ({ participantId, sessionId }: Session) => `${participantId} ${sessionId}`;

collectPrinted();
afterAll(() => rmSync(folder, { recursive: true }));

/** Rewrites an image. */
function change({ path: file }: Session, how: (value: number, voxel: number) => number): void {
  const volume = readVolume(file);
  writeVolume(file, volume.data.map(how), volume);
}

beforeAll(() => {
  change(sessions[0], (value) => 0.9 * value);
  change(sessions[1], () => 0);
  change(sessions[2], () => 0.97);
  writeFileSync(sessions[3].path, 'no image');
  change(sessions[4], (value) => 1.4 * value);
  const { grid, data } = readVolume(sessions[5].path);
  const moved = { ...grid, affine: grid.affine.map((value, i) => (i === 3 ? value + 2 : value)) };
  writeVolume(sessions[5].path, data, { grid: moved, storage: storageFor(moved, 'LAS') });
  change(sessions[6], (value, voxel) => (voxel % 50 === 0 ? Number.NaN : value));
  change(sessions[7], (value, voxel) => (voxel % 3 === 0 ? 1 - value : value));
});

const check = (out: string, ...more: string[]) =>
  main(['cohort', 'check', cohort, '--out', at(out), '--quiet', ...more]);

it('rejects what is broken, flags what stands out, and leaves a cohort of the others', async () => {
  expect(await check('checked')).toBe(0);
  const rows = readTable(at('checked/check.tsv')).rows;
  const found = (session: Session) => {
    const { verdict, reasons } = rows.find(
      (row) => `${row.participant_id} ${row.session_id}` === name(session),
    )!;
    return `${verdict}: ${reasons}`;
  };
  expect(found(sessions[0])).toMatch(/^rejected: maximum 0\.\d{3} is below 0\.95$/);
  expect(found(sessions[1])).toBe('rejected: is empty');
  expect(found(sessions[2])).toMatch(/^rejected: is constant: 0\.97/);
  expect(found(sessions[3])).toBe('rejected: cannot be read: is not a NIfTI image');
  expect(found(sessions[4])).toMatch(
    /^flagged: above 1 in .* % of the voxels, up to 1\.4 \(a modulated map\?\); gray-matter volume/,
  );
  expect(found(sessions[5])).toMatch(/^rejected: is on another grid: .* where most have/);
  expect(found(sessions[6])).toMatch(/^flagged: .*NaN in 2\.0 % of the voxels/);
  expect(found(sessions[7])).toMatch(/^flagged: .*unlike the cohort's mean: z -/);
  for (const session of sessions.slice(8)) expect(found(session)).toMatch(/^(accepted: n\/a|flagged: )/);
  expect(rows.slice(0, 5).every((row) => row.verdict === 'rejected')).toBe(true);
  expect(printed.out).toMatch(/rejected +5\nflagged +\d\naccepted +\d\n/);
  expect(printed.err).toMatch(
    /^5 images are rejected: see .*check\.tsv\n.*: values beyond 0 to 1, .*\n.*: NaN voxels, read as 0\n$/,
  );
  const accepted = readCohort(at('checked/accepted.tsv'), ['CN', 'AD']).sessions;
  expect(accepted.map(name)).toEqual([sessions[4], ...sessions.slice(6)].map(name));
  expect(accepted[0].path).toBe(sessions[4].path);
  expect(readFileSync(at('checked/contact-sheet.png')).subarray(1, 4).toString()).toBe('PNG');
  expect(JSON.parse(readFileSync(at('checked/check.json'), 'utf8')).results.counts.rejected).toBe(5);
});

it('takes other limits, replaces a check only when asked, tells programs', async () => {
  expect(await check('again', '--minimum', '0.8', '--json')).toBe(0);
  const { counts, images } = JSON.parse(printed.out);
  expect(counts.rejected).toBe(4);
  expect(images).toHaveLength(16);
  expect(await check('again')).toBe(1);
  expect(printed.err).toMatch(/contains check\.tsv already/);
  expect(await check('again', '--overwrite')).toBe(0);
  expect(await check('none', '--z', '0')).toBe(2);
  expect(await check('none', '--minimum', '5')).toBe(1);
  expect(printed.err).toMatch(/all 16 are rejected:\n/);
  expect(existsSync(at('none/check.tsv'))).toBe(false);
});

it('describes cohorts side by side, as text, Markdown, a table or JSON', async () => {
  const describe = (...more: string[]) =>
    main(['cohort', 'describe', cohort, at('checked/accepted.tsv'), ...more]);
  expect(await describe()).toBe(0);
  expect(printed.out).toMatch(
    /\ncohort +CN +8 +8 +\d\d\.\d ± \d\.\d \[\d\d\.\d, \d\d\.\d\] +4 F \/ 4 M +n\/a +n\/a\n/,
  );
  expect(printed.out).toMatch(/\naccepted +AD +\d/);
  printed.out = '';
  expect(await describe('--format', 'markdown', '--out', at('table1.md'))).toBe(0);
  expect(printed.out).toBe('');
  expect(readFileSync(at('table1.md'), 'utf8')).toMatch(
    /^\| cohort \| label \| .*\n\| --- \| .*\n\| cohort \| CN \| 8 \|/,
  );
  expect(await describe('--format', 'tsv')).toBe(0);
  expect(printed.out.split('\n')[0].split('\t')).toContain('participants');
  printed.out = '';
  expect(await describe('--json')).toBe(0);
  expect(JSON.parse(printed.out)[0].groups[0]).toMatchObject({ diagnosis: 'CN', participants: 8, female: 4 });
  expect(await describe('--format', 'tsv', '--format', 'text')).toBe(2);
});

it('names cohorts apart by their files, else by their folders, else by their paths', async () => {
  const copies = ['a/x', 'b/x', 'c/y'].map((place) => {
    mkdirSync(at(place), { recursive: true });
    const { columns, rows } = readTable(cohort);
    const file = at(place, 'cohort.tsv');
    writeFileSync(
      file,
      formatTable(
        columns,
        rows.map((row, i) => ({ ...row, path: sessions[i].path })),
      ),
    );
    return file;
  });
  const names = async (...files: string[]) => {
    printed.out = '';
    expect(await main(['cohort', 'describe', ...files, '--format', 'tsv'])).toBe(0);
    const lines = printed.out.trim().split('\n').slice(1);
    return [...new Set(lines.map((line) => line.split('\t')[0]))];
  };
  expect(await names(copies[0])).toEqual(['cohort']);
  expect(await names(copies[0], copies[2])).toEqual(['x', 'y']);
  expect(await names(...copies)).toEqual([copies[0], copies[1], 'y']);
});
