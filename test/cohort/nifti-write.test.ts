import { readFileSync, unlinkSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../cohort/error.ts';
import { readVolume, storageFor, writeVolume } from '../../cohort/nifti.ts';
import type { Grid } from '../../cohort/volume.ts';
import { las, plain, put, rawFile, temporaryFolder, values } from './raw-nifti.ts';

const folder = temporaryFolder();

describe('writing NIfTI', () => {
  const source = () =>
    readVolume(put(folder, 'source.nii', rawFile({ ...plain, datatype: 'int16', slope: 0.1 })));
  const field = (file: string) => {
    const bytes = readFileSync(file);
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  };

  it('writes the header of its values into what it keeps of the input', () => {
    const like = source();
    const file = path.join(folder, 'written.nii');
    writeVolume(file, like.data, like, { description: `voxmask ${'é'.repeat(80)}` });
    const view = field(file);
    expect(readFileSync(file)).toHaveLength(352 + 96);
    expect([0, 1, 2, 3, 4].map((i) => view.getInt16(40 + 2 * i, true))).toEqual([3, 2, 3, 4, 1]);
    expect([view.getInt16(70, true), view.getInt16(72, true)]).toEqual([16, 32]);
    expect([108, 112, 116].map((at) => view.getFloat32(at, true))).toEqual([352, 1, 0]);
    expect(view.getFloat32(124, true)).toBe(Math.max(...like.data));
    const text = readFileSync(file).subarray(148, 228);
    // 35 letters of two bytes fill 78 of the 79 bytes; half a letter is not written.
    expect(new TextDecoder('utf-8', { fatal: true }).decode(text)).toBe(`voxmask ${'é'.repeat(35)}\0\0`);
    expect([view.getInt16(254, true), view.getUint8(123), view.getUint32(348)]).toEqual([4, 2, 0]);
  });

  it.each(['.nii', '.nii.gz', '.hdr', '.img', '.hdr.gz'])(
    'reads back what it wrote as %s, twice the same',
    (ending) => {
      for (const version of [1, 2] as const) {
        for (const little of [true, false]) {
          const like = readVolume(put(folder, 'like.nii', rawFile({ ...plain, version, little })));
          const [file, twin] = ['once', 'twice'].map((name) => path.join(folder, name + ending));
          writeVolume(file, like.data, like);
          writeVolume(twin, like.data, like);
          const again = readVolume(file);
          expect(again.data).toEqual(like.data);
          expect(again.grid).toEqual(like.grid);
          expect([again.storage.version, again.storage.littleEndian]).toEqual([version, little]);
          expect(readFileSync(file).equals(readFileSync(twin))).toBe(true);
          if (ending.endsWith('.gz')) expect(gunzipSync(readFileSync(file)).length).toBeGreaterThan(348);
        }
      }
    },
  );

  it('writes a pair as two files, which need each other', () => {
    const like = source();
    writeVolume(path.join(folder, 'two.img'), like.data, like);
    expect(readFileSync(path.join(folder, 'two.hdr')).subarray(344, 347).toString()).toBe('ni1');
    expect(readFileSync(path.join(folder, 'two.img'))).toHaveLength(96);
    unlinkSync(path.join(folder, 'two.img'));
    expect(() => readVolume(path.join(folder, 'two.hdr'))).toThrow(/has no/);
  });

  it('stores whole numbers scaled, and refuses what does not fit', () => {
    const like = source();
    const probabilities = Float32Array.from(like.data, (_, i) => i / 23);
    const file = path.join(folder, 'small.nii.gz');
    writeVolume(file, probabilities, like, { datatype: 'uint8', slope: 1 / 255 });
    const { data } = readVolume(file);
    data.forEach((value, i) => {
      expect(Math.abs(value - probabilities[i])).toBeLessThan(0.5 / 255 + 1e-6);
    });
    writeVolume(file, like.data.map(Math.round), like, { datatype: 'int16' });
    expect(readVolume(file).data).toEqual(like.data.map(Math.round));
    for (const wrong of [256, -1, Number.NaN]) {
      const values = like.data.map(() => wrong);
      expect(() => writeVolume(file, values, like, { datatype: 'uint8' })).toThrow(RangeError);
    }
    expect(() => writeVolume(file, new Float32Array(23), like)).toThrow(RangeError);
    expect(() => writeVolume(path.join(folder, 'image.png'), like.data, like)).toThrow(InputError);
  });

  it.each(['LAS', 'RAS'] as const)('stores a volume made from nothing as %s', (orientation) => {
    const grid: Grid = { shape: [2, 3, 4], affine: [...las, 0, 0, 0, 1] };
    const data = Float32Array.from(values);
    const file = path.join(folder, 'fresh.nii');
    const storage = storageFor(grid, orientation);
    writeVolume(file, data, { grid, storage });
    expect(readVolume(file)).toMatchObject({ grid, data });
    const view = field(file);
    expect(Math.sign(view.getFloat32(280, true))).toBe(orientation === 'RAS' ? 1 : -1);
    expect([252, 254].map((at) => view.getInt16(at, true))).toEqual([4, 4]);
    // The first stored value lies furthest right in LAS, furthest left in RAS.
    expect(view.getFloat32(352, true)).toBe(data[orientation === 'RAS' ? 12 : 0]);
    // Without its sform the file says the same.
    const bytes = readFileSync(file);
    bytes.writeInt16LE(0, 254);
    const { affine } = readVolume(put(folder, 'qform.nii', bytes)).grid;
    for (const [i, value] of affine.entries()) expect(value).toBeCloseTo(grid.affine[i], 4);
  });

  it('gives an oblique grid the same place by sform and qform', () => {
    const unit = fc.double({ min: -0.3, max: 0.3, noNaN: true });
    fc.assert(
      fc.property(unit, unit, unit, (b, c, d) => {
        const a = Math.sqrt(1 - b * b - c * c - d * d);
        const rotation = [
          [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
          [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
          [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ];
        const affine = rotation.flatMap(([x, y, z], i) => [-1.5 * x, 2 * y, 2.5 * z, 10 * i]);
        const grid: Grid = { shape: [2, 3, 4], affine: [...affine, 0, 0, 0, 1] };
        fc.pre(rotation.every((row, i) => Math.abs(row[i]) > 0.75));
        const file = path.join(folder, 'turned.nii');
        writeVolume(file, Float32Array.from(values), { grid, storage: storageFor(grid, 'LAS') });
        const bytes = readFileSync(file);
        bytes.writeInt16LE(0, 254);
        const difference = (name: string) =>
          Math.max(...readVolume(name).grid.affine.map((value, i) => Math.abs(value - grid.affine[i])));
        expect(difference(file)).toBeLessThan(1e-5);
        // LAS is a half turn to a quaternion: there, single precision tells angles apart by some 0.0006 radians.
        expect(difference(put(folder, 'turned-qform.nii', bytes))).toBeLessThan(0.003);
      }),
      { numRuns: 100 },
    );
  });
});
