import fc from 'fast-check';
import { plain, type Raw, rawFile } from './raw-nifti.ts';

export const qform = {
  quaternion: [0, 1, 0] as [number, number, number],
  offset: [90, -126, -72] as [number, number, number],
  pixdim: [-1, 1.5, 1.5, 1.5],
};
export const both: Raw = { ...plain, qform };
const { sform: _, ...rest } = both;
export const qformOnly: Raw = rest;

const versions = ([1, 2] as const).flatMap((version) =>
  [true, false].flatMap((little) =>
    [plain, both, qformOnly].map((raw): Raw => ({ ...raw, version, little })),
  ),
);
// Places that matter: codes, quaternions, rows, sizes, dimensions, magic; some bytes anywhere.
const place = fc.oneof(fc.nat(539), fc.integer({ min: 70, max: 124 }), fc.integer({ min: 252, max: 347 }));
const byte = fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 2, 3, 0x3f, 0x40, 0x7f, 0x80, 0xbf, 0xff));

/** Files of both versions and byte orders with up to six bytes of their header changed. */
export const damagedFiles: fc.Arbitrary<Buffer> = fc
  .tuple(fc.constantFrom(...versions), fc.array(fc.tuple(place, byte), { minLength: 1, maxLength: 6 }))
  .map(([raw, changes]) =>
    changed(raw, (all) => {
      for (const [at, value] of changes) all[at % (raw.version === 1 ? 348 : 540)] = value;
    }),
  );

/** A file with some bytes of its header changed. */
export function changed(raw: Raw, change: (bytes: Buffer) => void): Buffer {
  const bytes = rawFile(raw);
  change(bytes);
  return bytes;
}
