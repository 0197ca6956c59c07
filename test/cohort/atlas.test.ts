import { describe, expect, it } from 'vitest';
import { type Atlas, alignedAtlas, readAtlas } from '../../cohort/atlas.ts';
import { readVolume } from '../../cohort/nifti.ts';
import { readTable } from '../../cohort/table.ts';
import { type Grid, sameGrid, toWorld } from '../../cohort/volume.ts';
import { put, type Raw, rawFile, temporaryFolder } from './raw-nifti.ts';
import { noReference, referenceFile } from './reference-images.ts';

const folder = temporaryFolder();
const las = [-1.5, 0, 0, 90, 0, 1.5, 0, -126, 0, 0, 1.5, -72];
const raw: Raw = { dims: [2, 2, 1], sform: las, datatype: 'int16', values: [0, 2001, 4101, 2001] };
const volume = put(folder, 'atlas.nii', rawFile(raw));
const tsv = (text: string) => put(folder, 'labels.tsv', text);

describe('readAtlas', () => {
  it('reads the tables of Clinica, of codes, and of BIDS', () => {
    const rows = '0\tBackground\n4101\tHippocampus_L \n2001\tPrecentral_L\n9999\tnowhere\n';
    for (const header of ['roi_value\troi_name', 'value\tname', 'index\tname']) {
      const atlas = readAtlas(volume, tsv(`${header}\n${rows}`));
      expect(atlas.regions).toEqual([
        { value: 4101, name: 'Hippocampus_L' },
        { value: 2001, name: 'Precentral_L' },
        { value: 9999, name: 'nowhere' },
      ]);
      expect([...atlas.labels]).toEqual([0, 4101, 2001, 2001]);
    }
  });

  it("mends the misspelt names of Clinica's AAL2, with a note, and no other atlas's", () => {
    const names = (rows: string) => {
      const { regions, mended } = readAtlas(volume, tsv(`roi_value\troi_name\n${rows}`));
      return [regions.map(({ name }) => name), mended];
    };
    expect(names('2001\tFCmed_L\n2\tOFCmed_R\n4101\tCFCpost_R\n4\tOFCpost_L\n')).toEqual([
      ['OFCmed_L', 'OFCmed_R', 'OFCpost_R', 'OFCpost_L'],
      ['FCmed_L is read as OFCmed_L', 'CFCpost_R is read as OFCpost_R'],
    ]);
    expect(names('2001\tFCmed_L\n4101\tCFCpost_R\n')).toEqual([['FCmed_L', 'CFCpost_R'], []]);
    const both = '2001\tFCmed_L\n2\tOFCmed_R\n4101\tOFCmed_L\n';
    expect(names(both)).toEqual([['FCmed_L', 'OFCmed_R', 'OFCmed_L'], []]);
  });

  it('takes the column of values that knows the labels', () => {
    const table = tsv('index\tvalue\tname\n1\t2001\tone\n2\t4101\ttwo\n');
    const byCode = readAtlas(volume, table);
    const indexed = put(folder, 'indexed.nii', rawFile({ ...raw, values: [0, 1, 2, 1] }));
    const byIndex = readAtlas(indexed, table);
    expect(byCode.regions.map((region) => region.value)).toEqual([2001, 4101]);
    expect(byIndex.regions.map((region) => region.value)).toEqual([1, 2]);
  });

  it('takes any row named Background for background', () => {
    const atlas = readAtlas(volume, tsv('value\tname\n4101\tbackground\n2001\tPrecentral_L\n'));
    expect(atlas.regions).toEqual([{ value: 2001, name: 'Precentral_L' }]);
    expect([...atlas.labels]).toEqual([0, 0, 2001, 2001]);
  });

  it('refuses labels without a name, names without a label, and values named twice', () => {
    expect(() => readAtlas(volume, tsv('value\tname\n2001\ta\n'))).toThrow(
      /atlas\.nii: holds 1 label without a row.*4101/,
    );
    expect(() => readAtlas(volume, tsv('value\tname\n2001\ta\n4101\tb\n2001\tc\n'))).toThrow(
      /line 4: repeats the value 2001 of line 2/,
    );
    expect(() => readAtlas(volume, tsv('value\tname\n2001\ta\n4101\t\n'))).toThrow(
      /line 3: the region has no name/,
    );
    expect(() => readAtlas(volume, tsv('value\tname\n2001\ta\n4101\tb\nx\tc\n'))).toThrow(
      /line 4: the value "x"/,
    );
    expect(() => readAtlas(volume, tsv('code\tname\n'))).toThrow(/lacks a column of label values.*roi_value/);
    expect(() => readAtlas(volume, tsv('index,name\n1,A\n'))).toThrow(
      /label values\. Separate its cells by tabs, not by ","/,
    );
    expect(() => readAtlas(volume, tsv('value\tregion\n'))).toThrow(
      /lacks a column of region names.*roi_name/,
    );
  });

  it('refuses an image that holds no labels', () => {
    const map = put(folder, 'map.nii', rawFile({ ...raw, datatype: 'float32', values: [0, 0.5, 1, 1] }));
    expect(() => readAtlas(map, tsv('value\tname\n1\ta\n'))).toThrow(
      /not a label image: it holds the value 0\.5/,
    );
  });

  it('refuses an image of more values than any atlas has labels', () => {
    const values = Array.from({ length: 60 ** 3 }, (_, i) => i);
    const many = rawFile({ dims: [60, 60, 60], sform: las, datatype: 'int32', values });
    expect(() => readAtlas(put(folder, 'many.nii', many), tsv('value\tname\n1\ta\n'))).toThrow(
      /many\.nii: is not a label image: it holds 216000 different values/,
    );
  });
});

describe('alignedAtlas', () => {
  const grid: Grid = { shape: [2, 2, 1], affine: [...las, 0, 0, 0, 1] };
  const table = put(folder, 'two.tsv', 'value\tname\n2001\ta\n4101\tb\n');

  it('accepts an atlas stored the other way round', () => {
    const ras = { ...raw, sform: [1.5, 0, 0, 88.5, ...las.slice(4)], values: [2001, 0, 2001, 4101] };
    const atlas = readAtlas(put(folder, 'ras.nii', rawFile(ras)), table);
    expect(alignedAtlas(atlas, grid).labels).toEqual(readAtlas(volume, table).labels);
  });

  it('refuses an atlas of the same shape elsewhere', () => {
    const moved = { ...raw, sform: las.map((value, i) => (i === 7 ? value + 1.5 : value)) };
    const atlas = readAtlas(put(folder, 'moved.nii', rawFile(moved)), table);
    expect(() => alignedAtlas(atlas, grid)).toThrow(
      /moved\.nii: lies on another grid than the images: .*-124\.5.*-126/,
    );
  });
});

/** Mean place of a region's voxels, in millimetres. */
function centroid({ grid, labels }: Atlas, value: number): number[] {
  const [, ny, nz] = grid.shape;
  const sum = [0, 0, 0];
  let count = 0;
  labels.forEach((label, i) => {
    if (label !== value) return;
    const place = toWorld(grid, Math.floor(i / (ny * nz)), Math.floor(i / nz) % ny, i % nz);
    place.forEach((coordinate, axis) => {
      sum[axis] += coordinate;
    });
    count++;
  });
  return sum.map((total) => total / count);
}

describe('the AAL2 atlas and the maps of the field (skipped where they are not at hand)', () => {
  it.skipIf(noReference)(
    'lie on one grid, left being left, though one is stored RAS and the other LAS',
    () => {
      const map = readVolume(referenceFile('gm_icbm152_2009a_sym_1p5mm_uint8slope.nii.gz'));
      const atlas = alignedAtlas(
        readAtlas(referenceFile('atlas-AAL2_dseg.nii.gz'), referenceFile('atlas-AAL2_dseg.tsv')),
        map.grid,
      );
      expect(map.grid.shape).toEqual([121, 145, 121]);
      expect(map.grid.affine).toEqual([-1.5, 0, 0, 90, 0, 1.5, 0, -126, 0, 0, 1.5, -72, 0, 0, 0, 1]);
      expect(atlas.regions).toHaveLength(120);
      const nameAt = (x: number, y: number, z: number) => {
        const [i, j, k] = [(90 - x) / 1.5, (y + 126) / 1.5, (z + 72) / 1.5].map(Math.round);
        const label = atlas.labels[(i * 145 + j) * 121 + k];
        return atlas.regions.find((region) => region.value === label)?.name;
      };
      expect(nameAt(-27, -21, -14)).toBe('Hippocampus_L'); // x < 0 is left
      expect(nameAt(27, -21, -14)).toBe('Hippocampus_R');
    },
  );

  it.skipIf(noReference)('hold every region where its table says, by code and by index', () => {
    const table = readTable(referenceFile('aal2_labels.tsv'));
    const codes = readAtlas(referenceFile('atlas-AAL2_dseg.nii.gz'), table.path);
    const indices = readAtlas(referenceFile('aal2_1p5mm_LAS_index_uint8.nii.gz'), table.path);
    expect(sameGrid(codes.grid, indices.grid)).toBe(true);
    const named = new Map(codes.regions.map((region, i) => [region.value, indices.regions[i]]));
    expect([...named.values()].map((region) => region.name)).toEqual(
      codes.regions.map((region) => region.name),
    );
    const differing = codes.labels.findIndex(
      (code, i) => (named.get(code)?.value ?? 0) !== indices.labels[i],
    );
    expect(differing).toBe(-1);
    for (const row of table.rows.filter((_, i) => i % 12 === 1)) {
      const place = centroid(codes, Number(row.value));
      [row.x_mm, row.y_mm, row.z_mm].forEach((wanted, axis) => {
        expect(place[axis]).toBeCloseTo(Number(wanted), 0);
      });
    }
  });

  it.skipIf(noReference)('give the same map as float32 and as scaled uint8', () => {
    const exact = readVolume(referenceFile('gm_icbm152_2009a_sym_1p5mm_float32.nii.gz'));
    const coarse = readVolume(referenceFile('gm_icbm152_2009a_sym_1p5mm_uint8slope.nii.gz'));
    expect(sameGrid(exact.grid, coarse.grid)).toBe(true);
    const largest = exact.data.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - coarse.data[i])),
      0,
    );
    expect(largest).toBeLessThan(0.51 / 255);
  });
});
