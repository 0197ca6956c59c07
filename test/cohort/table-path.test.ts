import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { pathFromTable } from '../../cohort/table-path.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-path-'));
afterAll(() => rmSync(folder, { recursive: true }));
const composed = 'Ana\u00efs';
const decomposed = 'Anai\u0308s';

it('finds a file by a Windows path, and by either form of an accent in either part', () => {
  mkdirSync(path.join(folder, decomposed));
  const file = path.join(folder, decomposed, `${composed}.nii`);
  writeFileSync(file, '');
  for (const cell of [
    `${decomposed}/${composed}.nii`,
    `${composed}/${decomposed}.nii`,
    `${decomposed}\\${decomposed}.nii`,
    `.\\${composed}\\${composed}.nii`,
    path.join(folder, composed, `${composed}.nii`),
  ])
    expect(pathFromTable(folder, cell)).toBe(file);
});

it('takes a name with a backslash first, and leaves what is not there as it is', () => {
  writeFileSync(path.join(folder, 'a\\b.nii'), '');
  expect(pathFromTable(folder, 'a\\b.nii')).toBe(path.join(folder, 'a\\b.nii'));
  expect(pathFromTable(folder, 'no\\where.nii')).toBe(path.join(folder, 'no\\where.nii'));
});
