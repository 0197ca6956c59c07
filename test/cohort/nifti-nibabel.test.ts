import { execFileSync } from 'node:child_process';
import path from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { InputError } from '../../cohort/error.ts';
import { readVolume, writeVolume } from '../../cohort/nifti.ts';
import { placedAt } from '../../cohort/nifti-transforms.ts';
import { damagedFiles } from './damaged-headers.ts';
import { put, temporaryFolder } from './raw-nifti.ts';

const folder = temporaryFolder();
const python = process.env.VOXMASK_PYTHON;
const seed = Number(process.env.VOXMASK_SEED ?? 1);

/** Reads written files as others would: prints the affine, shape and unit of each, and of the damaged file it is of. */
const script = `
import json, sys, warnings, logging
import nibabel
warnings.simplefilter('ignore'); logging.disable(logging.CRITICAL)
def look(file):
    image = nibabel.load(file)
    return dict(affine=image.affine.ravel().tolist(), shape=image.shape, unit=image.header.get_xyzt_units()[0])
def try_look(file):
    try: return look(file)
    except Exception as error: return dict(refused=str(error))
print(json.dumps([dict(written=look(f'{stem}-written.nii'), damaged=try_look(f'{stem}.nii')) for stem in json.load(sys.stdin)]))
`;

interface Look {
  readonly affine: number[];
  readonly shape: number[];
  readonly unit: string;
  readonly refused?: string;
}

it.skipIf(!python)('nibabel opens whatever is written of 500 damaged headers, at the same place', () => {
  const kept: { stem: string; affine: readonly number[]; shape: readonly number[] }[] = [];
  let refused = 0;
  for (const [i, bytes] of fc.sample(damagedFiles, { seed, numRuns: 500 }).entries()) {
    const stem = path.join(folder, String(i));
    try {
      const volume = readVolume(put(folder, `${i}.nii`, bytes));
      writeVolume(`${stem}-written.nii`, volume.data, volume, { description: 'voxmask' });
      const { shape, placement } = volume.storage;
      kept.push({ stem, affine: placedAt(placement), shape });
    } catch (error) {
      expect(error).toBeInstanceOf(InputError);
      refused++;
    }
  }
  const input = JSON.stringify(kept.map(({ stem }) => stem));
  const looks: { written: Look; damaged: Look }[] = JSON.parse(
    execFileSync(python!, ['-c', script], { input, encoding: 'utf8', maxBuffer: 2 ** 28 }),
  );
  expect(looks).toHaveLength(kept.length);
  let compared = 0;
  for (const [i, { written, damaged }] of looks.entries()) {
    const { affine, shape, stem } = kept[i];
    expect(written.shape.slice(0, 3), stem).toEqual(shape);
    expect(written.unit, stem).toBe('mm');
    expectNear(written.affine, affine, stem);
    if (damaged.refused !== undefined) continue;
    const inMm = { meter: 1000, micron: 0.001 }[damaged.unit] ?? 1;
    expectNear(
      affine,
      damaged.affine.map((value, at) => (at < 12 ? value * inMm : value)),
      stem,
    );
    compared++;
  }
  console.log(
    `seed ${seed}: ${kept.length} written and opened, ${compared} also opened damaged; ${refused} refused`,
  );
  expect(Math.min(kept.length, refused)).toBeGreaterThan(50);
});

/** Within single precision, of the largest value: rows, and places by rotation and origin together. */
function expectNear(got: readonly number[], wanted: readonly number[], name: string): void {
  const bound = 1e-5 * Math.max(...wanted.map(Math.abs));
  for (const [i, value] of wanted.entries())
    expect(Math.abs(got[i] - value), `${name}: ${got} for ${wanted}`).toBeLessThanOrEqual(bound);
}
