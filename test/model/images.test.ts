import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import * as decodingPool from '../../cohort/decoding/pool.ts';
import { storageFor, writeVolume } from '../../cohort/nifti.ts';
import { describeNotes, forgetReadings } from '../../cohort/reading-notes.ts';
import type { Session } from '../../cohort/session.ts';
import { limitImages } from '../../model/image-memory.ts';
import { ImageStore } from '../../model/images.ts';
import { put, temporaryFolder } from '../cohort/raw-nifti.ts';

vi.mock('../../cohort/decoding/pool.ts', { spy: true });

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

it('notes images that hold no probabilities, unless their values are rescaled', async () => {
  const wide = write(
    'wide.nii',
    Float32Array.from({ length: 60 }, (_, i) => i),
  );
  const plain = write(
    'plain.nii',
    Float32Array.from({ length: 60 }, (_, i) => -0.05 + i / 55),
  );
  const notesOf = async (scale: 'none' | 'min-max') => {
    forgetReadings();
    const store = new ImageStore(grid, { intensity: { scale, smoothing: 0 }, keep: false });
    for (const session of [wide, plain]) await store.load(session);
    return describeNotes();
  };
  expect(await notesOf('min-max')).toBe('');
  expect(await notesOf('none')).toMatch(/^\S+wide\.nii: values beyond 0 to 1, .* taken as they are\n$/);
});

/** How many of the images are there again when they are asked for again. */
async function keptOf(store: ImageStore, some: readonly Session[]): Promise<number> {
  const all = () => Promise.all(some.map((session) => store.load(session)));
  const [first, again] = [await all(), await all()];
  return first.filter((data, i) => data === again[i]).length;
}

describe('memory', () => {
  it('holds decoded images up to the budget: a quarter is for those decoded ahead, unless all fit', async () => {
    const eight = sessions.slice(0, 8);
    expect(await keptOf(new ImageStore(grid, { budget: 4 * bytes }), eight)).toBe(3);
    const all = new ImageStore(grid, { budget: 8 * bytes });
    all.expect(eight);
    expect(await keptOf(all, eight)).toBe(8);
    const short = new ImageStore(grid, { budget: 8 * bytes - 1 });
    short.expect(eight);
    expect(await keptOf(short, eight)).toBe(6); // seven fit, and one is decoded ahead
    expect(await keptOf(new ImageStore(grid, { budget: 0 }), eight)).toBe(0);
    expect(await keptOf(new ImageStore(grid, { keep: false }), eight)).toBe(0);
  });

  it('is one for all stores of the process', async () => {
    limitImages(8 * bytes);
    const stores = [0, 1].map(() => new ImageStore(grid));
    const kept = [
      await keptOf(stores[0], sessions.slice(0, 4)),
      await keptOf(stores[1], sessions.slice(4, 10)),
    ];
    limitImages(undefined);
    expect(kept).toEqual([4, 2]); // of eight, two are for those decoded ahead
  });

  it('decodes no more images ahead than a quarter of the budget holds, but always one', async () => {
    for (const [images, most] of [
      [0, 1],
      [4, 1],
      [12, 3],
      [1000, 16],
    ]) {
      const decoding = vi.mocked(decodingPool.decodeAside).mockClear();
      const store = new ImageStore(grid, { budget: images * bytes });
      store.announce(sessions);
      expect(decoding).toHaveBeenCalledTimes(most);
      for (const session of sessions) await store.load(session);
      expect(decoding).toHaveBeenCalledTimes(sessions.length);
    }
  });
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

describe('images that will be asked for', () => {
  const grown = { ...grid, affine: grid.affine.map((v) => 2 * v) };
  const odd = ['odd-1.nii', 'odd-2.nii'].map((name) => write(name, new Float32Array(60), grown));
  const text = sessionOf(put(folder, 'text.nii.gz', 'text'));
  const some = sessions.slice(0, 5);

  it('lie on the grid of most of them, and all that do not are named before any is read', () => {
    expect(ImageStore.of(some).grid).toEqual(grid);
    const all = [odd[0], ...some, text, odd[1]];
    const names =
      /^images: 3 of 8 cannot be used:\n.*odd-1.*another grid.*\n.*text.*not a NIfTI.*\n.*odd-2.*\n\. Make/;
    expect(() => ImageStore.of(all)).toThrow(names);
    expect(() => new ImageStore(grid).expect(all)).toThrow(names);
    expect(() => ImageStore.of([...some, text])).toThrow(/^\/.*text\.nii\.gz: is not a NIfTI image/);
    expect(() => ImageStore.of([text])).toThrow(/is not a NIfTI image/);
  });

  it('are looked through where one turns out to be damaged, so that all damaged ones are named', async () => {
    const damaged = [1, 2, 3].map((i) => {
      const bytes = readFileSync(some[i].path);
      bytes.writeFloatLE(Number.POSITIVE_INFINITY, bytes.length - 4); // a voxel: the header is sound
      return sessionOf(put(folder, `damaged-${i}.nii`, bytes));
    });
    const store = ImageStore.of([...some, ...damaged]);
    expect((await store.load(some[0]))[0]).toBe(0);
    const error = await store.load(damaged[2]).catch((reason: Error) => reason.message);
    expect(error).toMatch(/^images: 3 of 8 cannot be used:\n.*damaged-1.*\n.*damaged-2.*\n.*damaged-3.*\n/);
    const lone = ImageStore.of([...some, damaged[0]]);
    await expect(lone.load(damaged[0])).rejects.toThrow(
      /^\/.*damaged-1\.nii: holds 1 value that is infinite/,
    );
  });
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

it('a mean of images ends between two of them when it is aborted', async () => {
  const store = new ImageStore(grid);
  expect((await store.mean(sessions.slice(0, 3)))[0]).toBe(1);
  const decoding = vi.mocked(decodingPool.decodeAside).mockClear();
  const aborted = AbortSignal.abort(new Error('stopped'));
  await expect(new ImageStore(grid, { budget: 0 }).mean(sessions, aborted)).rejects.toThrow('stopped');
  expect(decoding).toHaveBeenCalledTimes(1);
});
