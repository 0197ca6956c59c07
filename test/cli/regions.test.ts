import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { main } from '../../cli/run.ts';
import { storageFor, writeVolume } from '../../cohort/nifti.ts';
import { readTable } from '../../cohort/table.ts';
import type { Grid } from '../../cohort/volume.ts';
import { collectPrinted, printed } from './printed.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-regions-'));
afterAll(() => rmSync(folder, { recursive: true }));
collectPrinted();

const place = (name: string) => path.join(folder, name);
const grid: Grid = { shape: [2, 2, 3], affine: [-4, 0, 0, 4, 0, 4, 0, -4, 0, 0, 4, -4, 0, 0, 0, 1] };

function volume(name: string, values: readonly number[], on: Grid = grid): string {
  writeVolume(place(name), Float32Array.from(values), { grid: on, storage: storageFor(on, 'RAS') });
  return place(name);
}

// stored RAS, as AAL2 is; values are in LAS
const image = volume('atlas.nii.gz', [1, 1, 2, 2, 3, 3, 4, 4, 0, 0, 0, 0]);
writeFileSync(
  place('atlas.tsv'),
  'roi_value\troi_name\n1\tFCmed_L\n2\tOFCmed_R\n3\tAmygdala_L\n4\tAmygdala_R \n7\tVermis_10\n',
);
const atlas = ['--atlas', image, '--labels', place('atlas.tsv')];
const m = [1, 0.5, 1, 1, 1, 1, 0, 0.5, 0.5, 1, 1, 0.97];
const plain = volume('plain.nii.gz', m);

it('prints the densest regions with their peaks, and mends the names of the table', async () => {
  expect(await main(['regions', plain, ...atlas])).toBe(0);
  expect(printed.err).toBe('Label table: FCmed_L is read as OFCmed_L.\n');
  const lines = printed.out.split('\n');
  expect(lines.find((line) => line.startsWith('Amygdala_R'))).toMatch(
    /^Amygdala_R +0\.7500 +1\.5 +128 +1\.000 +0, -4, -4$/,
  );
  expect(lines.indexOf(lines.find((line) => line.startsWith('Amygdala_R'))!)).toBeLessThan(
    lines.indexOf(lines.find((line) => line.startsWith('OFCmed_L'))!),
  );
  expect(printed.out).toContain('20.0 % of it lies outside all regions; 256 mm3 touched in all');
  expect(printed.out).toContain('without a voxel at this resolution: Vermis_10');
});

it('takes 1 - m as such, from its BIDS name or when told', async () => {
  const hidden = m.map((value) => 1 - value);
  const probseg = volume('sub-01_label-AD_probseg.nii.gz', hidden);
  const other = volume('hidden.nii.gz', hidden);
  const read = async (...words: string[]) => {
    printed.out = '';
    expect(await main(['regions', ...words, ...atlas, '--json'])).toBe(0);
    return JSON.parse(printed.out).masks[0].regions;
  };
  const wanted = await read(plain);
  expect(await read(probseg)).toEqual(wanted);
  expect(await read(other, '--occlusion')).toEqual(wanted);
  expect(await read(other)).not.toEqual(wanted);
});

it('thresholds unless the mask is wanted raw', async () => {
  const outside = async (...more: string[]) => {
    printed.out = '';
    expect(await main(['regions', plain, ...atlas, '--json', ...more])).toBe(0);
    return JSON.parse(printed.out).masks[0].total;
  };
  expect(await outside()).toBeCloseTo(2.5, 6);
  expect(await outside('--raw')).toBeCloseTo(2.53, 6);
});

it('writes tables and pictures of several masks', async () => {
  const empty = volume(
    'empty.nii.gz',
    m.map(() => 1),
  );
  const out = place('out');
  expect(await main(['regions', plain, empty, ...atlas, '--out', out, '--table-2019'])).toBe(0);
  expect(printed.out).toContain('the mask is empty');
  const rows = readTable(path.join(out, 'regions.tsv')).rows;
  expect(rows).toHaveLength(10);
  const row = (name: string) => rows.find((one) => one.name === name)!;
  expect(row('Amygdala_L')).toMatchObject({ value: '4', density: '0.75', peak: '1', touched_mm3: '128' });
  expect(row('Vermis_10')).toMatchObject({ voxels: '0', density: 'n/a', peak: 'n/a', peak_x: 'n/a' });
  const masks = readTable(path.join(out, 'masks.tsv')).rows;
  expect(masks.map(({ outside_share }) => outside_share)).toEqual(['0.2', 'n/a']);
  for (const name of masks.map(({ mask }) => mask))
    expect(
      readFileSync(path.join(out, `regions_${name}.png`))
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG');
  expect(JSON.parse(readFileSync(path.join(out, 'regions.json'), 'utf8')).options.atlas.table2019).toBe(true);
  printed.err = '';
  expect(await main(['regions', plain, ...atlas, '--out', out])).toBe(1);
  expect(printed.err).toMatch(/contains regions\.tsv already/);
});

it('names all masks that leave [0, 1] in one message', async () => {
  const high = volume('high.nii.gz', [...m.slice(1), 1.5]);
  const low = volume('low.nii.gz', [...m.slice(2), -2, -1]);
  expect(await main(['regions', high, plain, low, ...atlas, '--out', place('bad')])).toBe(1);
  expect(printed.err).toMatch(/high\.nii\.gz has 1 of 12 voxels outside 0 to 1 \(values from 0 to 1\.5\)/);
  expect(printed.err).toMatch(/low\.nii\.gz has 2 of 12 voxels outside 0 to 1 \(values from -2 to 1\)/);
  expect(printed.err).not.toContain('    at ');
  expect(existsSync(place('bad/regions.tsv'))).toBe(false);
});

it('refuses grids that differ, an atlas of another space, and one without overlap', async () => {
  const moved: Grid = { shape: grid.shape, affine: grid.affine.map((value, i) => (i === 3 ? 40 : value)) };
  const other = volume('moved.nii.gz', m, moved);
  expect(await main(['regions', plain, other, ...atlas])).toBe(1);
  expect(printed.err).toMatch(/moved\.nii\.gz: not on the grid of .*plain\.nii\.gz: .*affine/);
  printed.err = '';
  expect(await main(['regions', other, ...atlas])).toBe(1);
  expect(printed.err).toMatch(/atlas\.nii\.gz: lies on another grid than the images/);
  printed.err = '';
  expect(await main(['regions', other, ...atlas, '--resample'])).toBe(1);
  expect(printed.err).toMatch(/does not overlap the masks/);
});

it('refuses a folder without masks, a mask given twice, and no number of regions', async () => {
  expect(await main(['regions', folder, ...atlas])).toBe(1);
  expect(printed.err).toMatch(/holds no mask\.nii\.gz, nor do the folders in it/);
  printed.err = '';
  expect(await main(['regions', plain, plain, ...atlas])).toBe(1);
  expect(printed.err).toMatch(/plain\.nii\.gz: is given twice/);
  printed.err = '';
  expect(await main(['regions', '/usr/lib/none', ...atlas])).toBe(1);
  expect(printed.err).toMatch(/\/usr\/lib\/none: /);
  printed.err = '';
  expect(await main(['regions', plain, ...atlas, '--top', '0'])).toBe(2);
});
