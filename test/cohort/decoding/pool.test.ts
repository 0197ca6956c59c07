import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { decodeImage } from '../../../cohort/decoding/job.ts';
import { decodeAside } from '../../../cohort/decoding/pool.ts';
import { InputError } from '../../../cohort/error.ts';
import { plainIntensity } from '../../../cohort/intensity.ts';
import { storageFor, writeVolume } from '../../../cohort/nifti.ts';
import { put, temporaryFolder } from '../raw-nifti.ts';

const folder = temporaryFolder();
const grid = { shape: [5, 4, 3] as const, affine: [-2, 0, 0, 3, 0, 2, 0, -4, 0, 0, 2, 1, 0, 0, 0, 1] };

function image(name: string, first: number): string {
  const file = path.join(folder, name);
  const data = Float32Array.from({ length: 60 }, (_, i) => first + i / 60);
  writeVolume(file, data, { grid, storage: storageFor(grid, 'RAS') });
  return file;
}

it('decodes many images at once as one would one by one', async () => {
  const jobs = Array.from({ length: 12 }, (_, i) => ({
    path: image(`${i}.nii.gz`, i),
    intensity: { scale: i % 2 ? 'min-max' : 'none', smoothing: i % 3 } as const,
  }));
  const decoded = await Promise.all(jobs.map(decodeAside));
  decoded.forEach((one, i) => {
    expect(one).toEqual(decodeImage(jobs[i]));
  });
});

it('tells faults of an image as they are, and goes on', async () => {
  const broken = put(folder, 'broken.nii.gz', Uint8Array.of(0x1f, 0x8b, 1, 2, 3));
  const jobs = [broken, image('good.nii.gz', 1)].map((file) => ({ path: file, intensity: plainIntensity }));
  const [refused, good] = await Promise.allSettled(jobs.map(decodeAside));
  expect(refused.status === 'rejected' && refused.reason).toBeInstanceOf(InputError);
  expect(refused.status === 'rejected' && refused.reason).toMatchObject({
    where: broken,
    what: expect.stringContaining('gzip'),
  });
  expect(good.status).toBe('fulfilled');
});

it('keeps the program alive while it decodes, and lets it end when it is done', () => {
  const pool = pathToFileURL(path.join(import.meta.dirname, '../../../dist/cohort/decoding/pool.js')).href;
  const job = JSON.stringify({ path: image('last.nii.gz', 2), intensity: plainIntensity });
  const script = `const { decodeAside } = await import('${pool}');
    console.log((await decodeAside(${job})).data[0]);`;
  expect(
    execFileSync(process.execPath, ['--input-type=module', '-e', script], { timeout: 20_000 }).toString(),
  ).toBe('2\n');
});
