import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readGrid, readVolume } from '../../cohort/nifti.ts';
import {
  canonical,
  dims,
  las,
  plain,
  put,
  rawDatatypes,
  rawFile,
  rawParts,
  temporaryFolder,
  values,
} from './raw-nifti.ts';

const folder = temporaryFolder();

describe('reading NIfTI', () => {
  it('reads packed and plain files, whatever their name says', () => {
    for (const name of ['a.nii', 'a.nii.gz', 'a.NII']) {
      for (const bytes of [rawFile(plain), gzipSync(rawFile(plain))]) {
        const { grid, data, nanCount } = readVolume(put(folder, name, bytes));
        expect([...data]).toEqual(canonical(values));
        expect(grid).toEqual({ shape: [2, 3, 4], affine: [...las, 0, 0, 0, 1] });
        expect(nanCount).toBe(0);
      }
    }
  });

  it('reads a grid from the start of a file, and does not unpack the rest', () => {
    const large = {
      ...plain,
      values: Array.from({ length: 60 ** 3 }, (_, i) => Math.imul(i ^ (i >>> 3), 0x9e3779b1) >>> 25),
      dims: [60, 60, 60],
    };
    const whole = gzipSync(rawFile(large));
    expect(whole.length).toBeGreaterThan(20_000);
    const file = put(folder, 'whole.nii.gz', whole);
    expect(readGrid(file)).toEqual(readVolume(file).grid);
    const broken = Buffer.from(whole).fill(0xff, 17_000, whole.length - 8); // behind the start; the size at the end is as it was
    expect(readGrid(put(folder, 'broken.nii.gz', broken))).toEqual(readVolume(file).grid);
    expect(() => readVolume(put(folder, 'broken.nii.gz', broken))).toThrow(/does not unpack|ends early/);
    expect(() => readGrid(put(folder, 'none.nii.gz', whole.subarray(0, 20)))).toThrow(
      /not a NIfTI|cut short/,
    );
    expect(() => readGrid(put(folder, 'empty.nii', new Uint8Array()))).toThrow(/is empty/);
  });

  it.each([1, 2] as const)('reads a pair by either file, packed or not (NIfTI-%i)', (version) => {
    const { header, voxels } = rawParts({ ...plain, version, little: false }, true);
    const one = put(folder, `pair${version}.hdr`, header);
    const other = put(folder, `pair${version}.img`, voxels);
    const packed = put(folder, `packed${version}.hdr.gz`, gzipSync(header));
    const packedImage = put(folder, `packed${version}.img.gz`, gzipSync(voxels));
    for (const file of [one, other, packed, packedImage]) {
      expect([...readVolume(file).data]).toEqual(canonical(values));
      expect(readGrid(file)).toEqual(readVolume(file).grid);
    }
  });

  it.each(Object.keys(rawDatatypes))('scales %s by slope and intercept', (datatype) => {
    const file = put(folder, 'scaled.nii', rawFile({ ...plain, datatype, slope: 0.5, intercept: -3 }));
    expect([...readVolume(file).data]).toEqual(canonical(values.map((value) => 0.5 * value - 3)));
  });

  it('reads negative numbers and both ends of a datatype', () => {
    for (const [datatype, { size, signed }] of Object.entries(rawDatatypes)) {
      if (size === 8 || datatype.startsWith('float')) continue;
      const [low, high] = signed
        ? [-(2 ** (8 * size - 1)), 2 ** (8 * size - 1) - 1]
        : [0, 2 ** (8 * size) - 1];
      const ends = values.map((_, i) => (i % 2 ? low : high));
      const { data } = readVolume(put(folder, 'ends.nii', rawFile({ ...plain, datatype, values: ends })));
      expect([...data]).toEqual(canonical(ends.map(Math.fround)));
    }
  });

  it('takes a slope of 0 or NaN for no scaling', () => {
    for (const slope of [0, Number.NaN]) {
      const { data } = readVolume(put(folder, 'slope.nii', rawFile({ ...plain, slope, intercept: 7 })));
      expect([...data]).toEqual(canonical(values));
    }
  });

  it('takes NaN for 0 and counts it', () => {
    const holes = values.map((value, i) => (i % 5 === 0 ? Number.NaN : value));
    const { data, nanCount } = readVolume(put(folder, 'nan.nii', rawFile({ ...plain, values: holes })));
    expect(nanCount).toBe(5);
    expect([...data]).toEqual(canonical(values.map((value, i) => (i % 5 === 0 ? 0 : value))));
  });

  it('accepts a fourth dimension of one volume, a header extension, and an offset of 0', () => {
    const extension = new Uint8Array(32);
    new DataView(extension.buffer).setInt32(0, 32, true);
    for (const raw of [
      { dims: [...dims, 1] },
      { dims: [...dims, 1, 1, 1, 1] },
      { extension },
      { offset: 0 },
    ]) {
      expect([...readVolume(put(folder, 'more.nii', rawFile({ ...plain, ...raw }))).data]).toEqual(
        canonical(values),
      );
    }
  });

  it('survives an extension that says it has a negative size', () => {
    const extension = new Uint8Array(32);
    new DataView(extension.buffer).setInt32(0, -16, true);
    const { data } = readVolume(put(folder, 'extension.nii', rawFile({ ...plain, extension })));
    expect([...data]).toEqual(canonical(values));
  });

  it('prefers the sform, even under a larger qform code, and uses the qform alone', () => {
    // Half a turn about the anterior axis, with the third axis turned round: LAS.
    const qform = {
      quaternion: [0, 1, 0] as [number, number, number],
      offset: [60, -40, -20] as [number, number, number],
      pixdim: [-1, 2, 3, 4],
      code: 3,
    };
    for (const version of [1, 2] as const) {
      const both = readVolume(put(folder, 'both.nii', rawFile({ ...plain, version, sformCode: 1, qform })));
      expect(both.grid.affine.slice(0, 12)).toEqual(las);
      const alone = readVolume(put(folder, 'alone.nii', rawFile({ ...plain, version, sformCode: 0, qform })));
      const wanted = [-2, 0, 0, 60, 0, 3, 0, -40, 0, 0, 4, -20];
      for (const [i, value] of wanted.entries()) expect(alone.grid.affine[i]).toBeCloseTo(value, 6);
      expect([...alone.data]).toEqual(canonical(values));
    }
  });
});
