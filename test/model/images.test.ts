import path from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { storageFor, writeVolume } from '../../cohort/nifti.ts';
import type { Session } from '../../cohort/session.ts';
import { ImageStore } from '../../model/images.ts';
import { put, temporaryFolder } from '../cohort/raw-nifti.ts';

const folder = temporaryFolder();
const grid = { shape: [3, 4, 5] as const, affine: [-2, 0, 0, 3, 0, 2, 0, -4, 0, 0, 2, 1, 0, 0, 0, 1] };
const bytes = 60 * 4;

function sessionOf(file: string): Session {
  return {
    participantId: file,
    sessionId: 'M0',
    diagnosis: 'AD',
    age: null,
    sex: null,
    mmse: null,
    cdr: null,
    path: file,
    line: 2,
  };
}

function write(name: string, data: Float32Array, on = grid): Session {
  const file = path.join(folder, name);
  writeVolume(file, data, { grid: on, storage: storageFor(on, 'LAS') });
  return sessionOf(file);
}

const sessions = Array.from({ length: 30 }, (_, i) => write(`${i}.nii`, new Float32Array(60).fill(i)));

it('gives every image, whatever was announced and in whatever order it is asked, within any budget', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat({ max: 29 }), { maxLength: 50 }),
      fc.array(fc.nat({ max: 29 }), { maxLength: 50 }),
      fc.nat({ max: 31 }),
      async (announced, asked, images) => {
        const store = new ImageStore(grid, { budget: images * bytes });
        store.announce(announced.map((i) => sessions[i]));
        for (const i of asked) expect((await store.load(sessions[i]))[7]).toBe(i);
        store.announce(asked.map((i) => sessions[i]));
        for (const i of asked) expect((await store.load(sessions[i]))[7]).toBe(i);
      },
    ),
    { numRuns: 30 },
  );
});

it('keeps decoded images up to its budget, and no more', async () => {
  const store = new ImageStore(grid, { budget: 2 * bytes });
  const first = await Promise.all(sessions.slice(0, 4).map((session) => store.load(session)));
  const again = await Promise.all(sessions.slice(0, 4).map((session) => store.load(session)));
  expect(first.map((data, i) => data === again[i]).filter(Boolean)).toHaveLength(2);
});

it('refuses an image when it is asked for, not when it is announced', async () => {
  const elsewhere = write('elsewhere.nii', new Float32Array(60), {
    ...grid,
    affine: [...grid.affine.slice(0, 3), 9, ...grid.affine.slice(4)],
  });
  const broken = sessionOf(put(folder, 'broken.nii', Uint8Array.of(1, 2, 3)));
  const store = new ImageStore(grid);
  store.announce([sessions[0], elsewhere, broken]);
  expect((await store.load(sessions[0]))[0]).toBe(0);
  await expect(store.load(elsewhere)).rejects.toThrow(/elsewhere\.nii M0\): lies on another grid/);
  await expect(store.load(broken)).rejects.toThrow(/broken\.nii: is not a NIfTI image/);
});

it('scales the images and counts what is no number', async () => {
  const data = Float32Array.from({ length: 60 }, (_, i) => (i === 3 ? Number.NaN : i));
  const store = new ImageStore(grid, { intensity: { scale: 'min-max', smoothing: 0 } });
  const odd = write('odd.nii', data);
  const values = await store.load(odd);
  expect(values[59]).toBe(1);
  expect(values[3]).toBe(0);
  expect(store.notNumbers.get(odd.path)).toBe(1);
});
