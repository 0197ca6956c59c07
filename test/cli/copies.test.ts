import { copyFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { main } from '../../cli/run.ts';
import { storageFor, writeVolume } from '../../cohort/nifti.ts';
import { formatTable, readTable } from '../../cohort/table.ts';
import { collectPrinted, printed } from './printed.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-copies-'));
const at = (...names: string[]) => path.join(folder, ...names);
const grid = { shape: [5, 4, 3] as const, affine: [-2, 0, 0, 9, 0, 2, 0, -8, 0, 0, 2, -7, 0, 0, 0, 1] };
const brain = (seed: number) => Float32Array.from({ length: 60 }, (_, i) => ((i * (seed + 3)) % 61) / 61);
const before = process.env.XDG_CACHE_HOME;

collectPrinted();
beforeAll(() => {
  process.env.XDG_CACHE_HOME = at('cache');
  for (let i = 0; i < 6; i++)
    writeVolume(at(`${i}.nii.gz`), brain(i), { grid, storage: storageFor(grid, 'LAS') });
  copyFileSync(at('0.nii.gz'), at('copy.nii.gz'));
  symlinkSync('1.nii.gz', at('link.nii.gz'));
  writeVolume(at('turned.nii'), brain(2), { grid, storage: storageFor(grid, 'RAS') });
});
afterAll(() => {
  if (before === undefined) delete process.env.XDG_CACHE_HOME;
  else process.env.XDG_CACHE_HOME = before;
  rmSync(folder, { recursive: true });
});

function table(name: string, ...more: string[]): string {
  const rows = Array.from({ length: 6 }, (_, i) => `sub-${i}\tM0\t${i % 2 ? 'AD' : 'CN'}\t${i}.nii.gz`);
  writeFileSync(
    at(name),
    `${['participant_id\tsession_id\tdiagnosis\tpath', ...rows, ...more].join('\n')}\n`,
  );
  return at(name);
}

it.each([
  ['cohort check', 'cohort', 'check'],
  ['split kfold', 'split', 'kfold', '--folds', '2'],
  ['split test', 'split', 'test', '--size', '1'],
  // More folds than participants: the copies come first, since they count as participants.
  ['train', 'train', '--folds', '9', '--fold', '0'],
  ['pretrain', 'pretrain'],
  ['pretrain', 'pretrain', '--folds', '9', '--fold', '0'],
])(
  '%s refuses a copy, a link and the same voxels stored otherwise under another participant',
  async (_, ...words) => {
    const twins = ['copy.nii.gz', 'link.nii.gz', 'turned.nii'].map(
      (file, i) => `sub-${6 + i}\tM0\tCN\t${file}`,
    );
    expect(await main([...words, table('twins.tsv', ...twins), '--out', at('out')])).toBe(1);
    expect(printed.err).toMatch(/3 scans of two participants/);
    for (const i of [0, 1, 2]) expect(printed.err).toMatch(`sub-${6 + i} M0 has the scan of sub-${i} M0`);
    printed.err = '';
  },
);

it('notes a copy within a participant, and keeps what it knows of images without their names', async () => {
  const cohort = table('own.tsv', 'sub-0\tM6\tCN\tcopy.nii.gz');
  expect(await main(['split', 'kfold', cohort, '--folds', '2', '--out', at('folds')])).toBe(0);
  expect(printed.err).toMatch(/note: .*own\.tsv: Sessions of one participant .*: sub-0 M0 and M6\./);
  expect(readFileSync(at('cache/voxmask/fingerprints-1.json'), 'utf8')).not.toMatch(/nii|copies/);
});

it('looks at an image again once it has changed', async () => {
  const cohort = table('changed.tsv');
  const kfold = (out: string) => main(['split', 'kfold', cohort, '--folds', '2', '--out', at(out)]);
  expect(await kfold('unlike')).toBe(0);
  copyFileSync(at('4.nii.gz'), at('5.nii.gz'));
  expect(await kfold('alike')).toBe(1);
  expect(printed.err).toMatch(/sub-5 M0 has the scan of sub-4 M0/);
});

it('refuses a copy of an image that trained a network in a cohort that it has not seen, under whatever name', async () => {
  writeVolume(at('5.nii.gz'), brain(5), { grid, storage: storageFor(grid, 'LAS') }); // no copy of another any more
  const cohort = table('own images.tsv');
  const small = [
    '--channels',
    '2',
    '--sub-blocks',
    '1',
    '--folds',
    '3',
    '--fold',
    '0',
    '--epochs',
    '1',
    '--quiet',
  ];
  expect(await main(['train', cohort, ...small, '--out', at('network')]), printed.err).toBe(0);
  const split = readTable(at('network/split-0/run-0/split.tsv')).rows;
  expect(split).toHaveLength(6);
  for (const row of split) expect(row.voxels_sha256).toMatch(/^[0-9a-f]{64}$/);
  const { set } = split.find(({ participant_id: name }) => name === 'sub-0')!;

  for (let i = 0; i < 3; i++)
    writeVolume(at(`new-${i}.nii.gz`), brain(20 + i), { grid, storage: storageFor(grid, 'LAS') });
  const header = 'participant_id\tsession_id\tdiagnosis\tpath';
  const others = ['sub-A\tM0\tCN\tnew-0.nii.gz', 'sub-B\tM0\tAD\tnew-1.nii.gz'];
  const write = (name: string, ...more: string[]) => {
    writeFileSync(at(name), `${[header, ...others, ...more].join('\n')}\n`);
    return at(name);
  };
  const copied = write('copied.tsv', 'sub-C\tM0\tCN\tcopy.nii.gz');
  const fresh = write('fresh.tsv', 'sub-C\tM0\tCN\tnew-2.nii.gz');
  const judge = (table: string, out: string) =>
    main(['evaluate', table, '--model', at('network'), '--out', at(out), '--quiet']);
  const told = new RegExp(
    `copied\\.tsv: has one scan that the network knows, voxel by voxel:\\s+sub-C M0 has the scan of sub-0 M0, set ${set}`,
  );
  printed.err = '';
  expect(await judge(copied, 'judged copies')).toBe(1);
  expect(printed.err).toMatch(told);
  expect(await judge(fresh, 'judged'), printed.err).toBe(0);

  const independent = ['--model', at('network'), '--cohort', copied, '--independent', '--class', 'CN'];
  for (const words of [
    ['mask', 'group', '--out', at('mask')],
    ['explain', '--method', 'gradient', '--out', at('explained')],
    ['validate', at('0.nii.gz'), '--out', at('validated')],
  ]) {
    printed.err = '';
    expect(await main([...words, ...independent])).toBe(1);
    expect(printed.err, words[0]).toMatch(told);
  }
  // a split of an earlier version has nothing to compare with
  const file = at('network/split-0/run-0/split.tsv');
  const older = split.map((row) => ({ ...row, voxels_sha256: undefined }));
  writeFileSync(file, formatTable(['participant_id', 'session_id', 'diagnosis', 'set'], older));
  expect(await judge(copied, 'judged by an older one'), printed.err).toBe(0);
});
