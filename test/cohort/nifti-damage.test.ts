import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../cohort/error.ts';
import { readVolume, writeVolume } from '../../cohort/nifti.ts';
import { both, changed, damagedFiles, qform, qformOnly } from './damaged-headers.ts';
import { las, plain, put, rawFile, rawParts, temporaryFolder } from './raw-nifti.ts';
import { strictFaults } from './strict-nifti.ts';

const folder = temporaryFolder();

/** What writing a volume read from these bytes makes of them. */
function written(content: Uint8Array): Buffer {
  const volume = readVolume(put(folder, 'damaged.nii', content));
  const out = path.join(folder, 'mended.nii');
  writeVolume(out, volume.data, volume, { description: 'voxmask' });
  return readFileSync(out);
}

describe('headers that are damaged or tell more than they should', () => {
  it('are written sound with the same affine, or refused', () => {
    let [kept, refused] = [0, 0];
    fc.assert(
      fc.property(damagedFiles, (bytes) => {
        let out: Buffer;
        try {
          out = written(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
          refused++;
          return;
        }
        kept++;
        const { faults, header } = strictFaults(out);
        expect(faults).toEqual([]);
        expect(header.units).toBe(2);
        const again = readVolume(path.join(folder, 'mended.nii')).grid;
        const first = readVolume(path.join(folder, 'damaged.nii')).grid;
        expect(again.shape).toEqual(first.shape);
        for (const [i, value] of again.affine.entries())
          expect(Math.abs(value - first.affine[i])).toBeLessThanOrEqual(
            1e-6 * Math.abs(first.affine[i]) + 1e-6,
          );
      }),
      { numRuns: 500 },
    );
    expect(Math.min(kept, refused)).toBeGreaterThan(50);
  });

  it('keep their sform where the qform is no rotation, and are refused without one', () => {
    const longer = { ...qform, quaternion: [0.9, 0.9, 0.9] as [number, number, number] };
    const out = written(rawFile({ ...both, qform: longer }));
    expect(strictFaults(out)).toMatchObject({ faults: [], header: { affine: [...las, 0, 0, 0, 1] } });
    expect([out.readInt16LE(252), out.readInt16LE(254)]).toEqual([0, 4]);
    expect(() => written(rawFile({ ...qformOnly, qform: longer }))).toThrow(/quaternion is longer than 1/);
    // Readers disagree about a pixdim[0] that is negative but not -1.
    const unclear = { ...qform, pixdim: [-2, 1.5, 1.5, 1.5] };
    expect(() => written(rawFile({ ...qformOnly, qform: unclear }))).toThrow(/pixdim\[0\] is unknown/);
    expect(() => written(rawFile({ ...plain, sformCode: 77 }))).toThrow(/impossible sform_code 77/);
  });

  it('lose a qform that puts the volume elsewhere than the sform', () => {
    const elsewhere = { ...qform, offset: [80, -126, -72] as [number, number, number] };
    expect(written(rawFile({ ...both, qform: elsewhere })).readInt16LE(252)).toBe(0);
    expect(written(rawFile(both)).readInt16LE(252)).toBe(1);
  });

  it('are refused where the magic number is not whole: other tools do not open them', () => {
    const spoiled = changed(plain, (all) => all.write(' ', 347, 'latin1'));
    expect(() => written(spoiled)).toThrow(/damaged magic number "n\+1 "/);
    // As a transfer as text leaves it: CR LF has become LF LF.
    const asText = changed({ ...plain, version: 2 }, (all) => all.write('\n', 8, 'latin1'));
    expect(() => written(asText)).toThrow(/changed line ends/);
    const { header, voxels } = rawParts(plain, true);
    put(folder, 'pair.hdr', header);
    expect(readVolume(put(folder, 'pair.img', voxels)).data).toHaveLength(24);
  });

  it.each([1, 2] as const)('leave no text that may name a person behind, NIfTI-%i', (version) => {
    const texts = version === 1 ? [14, 148, 228, 328] : [240, 320, 508];
    const extension = Buffer.alloc(32);
    extension.writeInt32LE(32, 0);
    extension.write('DOE^JANE', 8);
    const named = changed({ ...plain, version, extension }, (all) => {
      for (const at of texts) all.write('DOE^JANE', at, 'latin1');
    });
    expect(named.toString('latin1').split('DOE')).toHaveLength(texts.length + 2);
    const out = written(named);
    expect(out.toString('latin1')).not.toMatch(/DOE|JANE/);
    expect(strictFaults(out).faults).toEqual([]);
  });
});
