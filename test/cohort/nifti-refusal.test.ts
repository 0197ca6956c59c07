import { mkdirSync, symlinkSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../cohort/error.ts';
import { readGrid, readVolume } from '../../cohort/nifti.ts';
import { dims, las, plain, put, rawFile, rawParts, temporaryFolder, values } from './raw-nifti.ts';

const folder = temporaryFolder();

/** The message that reading a file ends with. */
function complaint(file: string): string {
  try {
    readVolume(file);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    expect((error as InputError).message).toContain(file.replace(/\.(hdr|img)$/, ''));
    return (error as InputError).message;
  }
  throw new Error(`${file} was read`);
}

/** A plain file with some bytes of its header changed. */
function patched(change: (view: DataView) => void): Buffer {
  const bytes = rawFile(plain);
  change(new DataView(bytes.buffer, bytes.byteOffset, bytes.length));
  return bytes;
}

describe('refusing what is no 3D image', () => {
  const whole = rawFile(plain);
  const packed = gzipSync(whole);
  const badSum = Buffer.from(packed);
  badSum[badSum.length - 6] ^= 0xff;
  const cases: [what: string, content: string | Uint8Array, message: RegExp][] = [
    ['an empty file', '', /is empty/],
    ['a file cut within its header', whole.subarray(0, 200), /cut short within its header/],
    [
      'a file cut within its voxels',
      whole.subarray(0, -1),
      /2 x 3 x 4 voxels of float32 need 96 bytes, and 95/,
    ],
    ['gzip cut short', packed.subarray(0, -20), /gzip stream ends early/],
    ['gzip with a wrong checksum', badSum, /gzip stream does not unpack/],
    ['text', 'participant_id\tsession_id\n', /is not a NIfTI image/],
    [
      'a Git LFS pointer',
      'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n',
      /Git LFS pointer/,
    ],
    ['a git-annex pointer', '/annex/objects/SHA256E-s1--00.nii.gz\n', /git-annex pointer/],
    ['ANALYZE 7.5', patched((view) => view.setUint32(344, 0)), /ANALYZE/],
    ['a dimension of 0', patched((view) => view.setInt16(42, 0, true)), /impossible dimensions/],
    ['a negative dimension', patched((view) => view.setInt16(44, -3, true)), /impossible dimensions/],
    ['eight dimensions', patched((view) => view.setInt16(40, 8, true)), /impossible dimensions/],
    ['a plane', rawFile({ ...plain, dims: [4, 6] }), /2D image/],
    ['a series', rawFile({ ...plain, dims: [2, 3, 2, 2] }), /holds 2 volumes/],
    ['more voxels than the file', rawFile({ ...plain, dims: [32767, 32767, 32767] }), /cut short/],
    [
      'more voxels than there are numbers',
      rawFile({ ...plain, version: 2, dims: [2 ** 50, 9, 9] }),
      /cut short/,
    ],
    ['RGB', patched((view) => view.setInt16(70, 128, true)), /RGB/],
    ['complex numbers', patched((view) => view.setInt16(70, 32, true)), /complex/],
    ['an unknown datatype', patched((view) => view.setInt16(70, 77, true)), /datatype code 77/],
    ['an offset within the header', rawFile({ ...plain, offset: 16 }), /data offset 16/],
    ['an offset beyond the file', rawFile({ ...plain, offset: 4096 }), /0 are there/],
    ['a broken offset', patched((view) => view.setFloat32(108, Number.NaN, true)), /data offset NaN/],
    ['an infinite slope', rawFile({ ...plain, slope: Number.POSITIVE_INFINITY }), /impossible scaling/],
    ['no orientation', rawFile({ dims, values }), /neither sform nor qform.*fslorient/],
    [
      'a flat affine',
      rawFile({ ...plain, sform: las.map((v, i) => (i === 10 ? 0 : v)) }),
      /places no volume/,
    ],
    ['an affine of NaN', rawFile({ ...plain, sform: las.map(() => Number.NaN) }), /places no volume/],
    [
      'voxel sizes of 0',
      rawFile({ dims, values, qform: { quaternion: [0, 0, 0], offset: [0, 0, 0], pixdim: [1, 0, 0, 0] } }),
      /voxel sizes/,
    ],
    [
      'infinite values',
      rawFile({ ...plain, values: [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, ...values.slice(2)] }),
      /2 values that are infinite/,
    ],
    [
      'one infinite value',
      rawFile({ ...plain, values: [Number.POSITIVE_INFINITY, ...values.slice(1)] }),
      /holds 1 value that is infinite/,
    ],
    [
      'values beyond float32',
      rawFile({ ...plain, datatype: 'float64', values: values.map(() => 1e300) }),
      /24 values/,
    ],
    ['half a pair', rawParts(plain, true).header, /has no .*\.img(\.gz)? beside it/],
  ];

  it.each(cases)('%s', (_, content, message) => {
    for (const name of ['bad.nii.gz', 'bad.nii'])
      expect(complaint(put(folder, name, content))).toMatch(message);
  });

  it('refuses terabytes by the header and the size of the file, packed or not', () => {
    const huge = rawFile({ ...plain, dims: [32767, 32767, 32767] });
    for (const [content, about] of [
      [huge, /and 96 are there/],
      [gzipSync(huge), /and at most \d+ are there/],
    ] as const) {
      const file = put(folder, 'huge.nii', content);
      expect(complaint(file)).toMatch(about);
      expect(() => readGrid(file)).toThrow(about);
    }
    const cut = put(folder, 'cut.nii', whole.subarray(0, -1));
    expect(() => readGrid(cut)).toThrow(/cut short/);
    // Beyond the part that the header is read from, only the end of a gzip file tells.
    const noise = Array.from({ length: 24_000 }, (_, i) => Math.sin(i * i));
    const large = gzipSync(rawFile({ ...plain, dims: [20, 30, 40], values: noise }));
    expect(large.length).toBeGreaterThan(40_000);
    expect(readGrid(put(folder, 'large.nii.gz', large)).shape).toEqual([20, 30, 40]);
    const short = put(folder, 'short.nii.gz', large.subarray(0, -20_000));
    expect(() => readGrid(short)).toThrow(/cut short: its gzip stream ends early/);
    // Several gzip streams in one file, as bgzip writes them, are whole though the last one is small.
    const parts = [rawFile({ ...plain, dims: [20, 30, 40], values: noise })].flatMap((all) => [
      gzipSync(all.subarray(0, 90_000)),
      gzipSync(all.subarray(90_000)),
    ]);
    expect(readGrid(put(folder, 'parts.nii.gz', Buffer.concat(parts))).shape).toEqual([20, 30, 40]);
    // Long enough on the disk, where it takes no room, but not for one allocation.
    const sparse = put(folder, 'sparse.nii', rawFile({ ...plain, dims: [1024, 1024, 600] }));
    truncateSync(sparse, 2 ** 32);
    expect(complaint(sparse)).toMatch(/1024 x 1024 x 600 voxels of float32, more than 2 GiB/);
  });

  it('refuses what would fill memory once unpacked, however little room it takes on the disk', () => {
    const many = put(
      folder,
      'many.nii',
      rawFile({ ...plain, dims: [1024, 1024, 300], datatype: 'uint8', values: [] }),
    );
    truncateSync(many, 2 ** 29);
    for (const read of [readVolume, readGrid])
      expect(() => read(many)).toThrow(/1024 x 1024 x 300 voxels of uint8, more than 268435456 voxels/);
    const late = rawFile(plain);
    late.writeFloatLE(2 ** 25, 108); // vox_offset
    const far = put(folder, 'far.nii', late);
    truncateSync(far, 2 ** 26);
    expect(() => readGrid(far)).toThrow(/its voxels start at byte 33554432, beyond 16 MiB/);
  });

  it('reads no more of a plain file than its header announces', () => {
    const long = put(folder, 'long.nii', whole);
    truncateSync(long, 2 ** 33); // more than one read, or one buffer, can take
    expect(readVolume(long).data).toHaveLength(24);
  });

  it('does not unpack what its header does not announce', () => {
    const bomb = Buffer.concat([whole, Buffer.alloc(2 ** 25)]);
    expect(complaint(put(folder, 'bomb.nii.gz', gzipSync(bomb)))).toMatch(/unpacks to more than \d+ bytes/);
    const trailing = Buffer.concat([whole, Buffer.alloc(1000)]);
    expect(readVolume(put(folder, 'trailing.nii.gz', gzipSync(trailing))).data).toHaveLength(24);
  });

  it('a missing file, a folder, a link to nothing, an image without its header', () => {
    expect(complaint(path.join(folder, 'missing.nii'))).toMatch(/does not exist/);
    mkdirSync(path.join(folder, 'folder.nii'));
    expect(complaint(path.join(folder, 'folder.nii'))).toMatch(/is a folder/);
    symlinkSync(path.join(folder, 'nowhere'), path.join(folder, 'link.nii'));
    expect(complaint(path.join(folder, 'link.nii'))).toMatch(/link to a file that is not here/);
    expect(complaint(put(folder, 'lone.img', rawParts(plain, true).voxels))).toMatch(
      /has no .*lone\.hdr beside it/,
    );
  });

  it('reads a damaged file or says what is wrong, and nothing else', () => {
    const bases = [
      rawFile(plain),
      rawFile({ ...plain, version: 2, little: false, datatype: 'int64' }),
      gzipSync(rawFile(plain)),
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...bases),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (base, changes, kept) => {
          const bytes = Buffer.from(base);
          for (const [at, value] of changes) bytes[at % Math.min(bytes.length, 400)] = value;
          const end = kept < 0.3 ? Math.floor((kept / 0.3) * bytes.length) : bytes.length;
          try {
            const { data, grid } = readVolume(put(folder, 'damaged.nii', bytes.subarray(0, end)));
            expect(data).toHaveLength(grid.shape[0] * grid.shape[1] * grid.shape[2]);
            expect(data.every(Number.isFinite)).toBe(true);
          } catch (error) {
            expect(error).toBeInstanceOf(InputError);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
