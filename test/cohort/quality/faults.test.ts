import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readCohort, type Session } from '../../../cohort/cohort.ts';
import { readVolume, writeVolume } from '../../../cohort/nifti.ts';
import { checkDefaults, checkImages } from '../../../cohort/quality/check.ts';
import { type Reason, reasonText } from '../../../cohort/quality/reasons.ts';
import { simulateCohort } from '../../../cohort/simulate/index.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-faults-'));
afterAll(() => rmSync(folder, { recursive: true }));

function simulated(participantsPerClass: number, seed: number): readonly Session[] {
  const place = path.join(folder, `${participantsPerClass}-${seed}`);
  const options = { participantsPerClass, strength: 0.3, resolution: 6, seed };
  return readCohort(simulateCohort(place, options).cohort, ['CN', 'AD']).sessions;
}

const sound = simulated(8, 4);
const { grid } = readVolume(sound[0].path);
const [nx, ny, nz] = grid.shape;

type Change = (at: (x: number, y: number, z: number) => number, x: number, y: number, z: number) => number;

/** A cohort in which one image is another one: its own, where each voxel is what `how` says. */
function withOne(name: string, how: Change): Session[] {
  const [first, ...others] = sound;
  const volume = readVolume(first.path);
  const at = (x: number, y: number, z: number) => volume.data[(x * ny + y) * nz + z] ?? 0;
  const data = volume.data.map((_, i) => how(at, Math.floor(i / (ny * nz)), Math.floor(i / nz) % ny, i % nz));
  const file = path.join(folder, `${name}.nii`);
  writeVolume(file, data, volume, { datatype: 'float32' });
  return [{ ...first, path: file }, ...others];
}

async function reasonsFor(cohort: readonly Session[], of = cohort[0]): Promise<readonly Reason[]> {
  const { images } = await checkImages(cohort, checkDefaults);
  const found = images.find(({ session }) => session === of)!;
  expect(found.verdict).toBe('flagged');
  return found.reasons;
}

const planted: readonly [name: string, how: Change, expected: object, text: RegExp][] = [
  [
    'cut off at the top',
    (at, x, y, z) => (z >= nz - 10 ? 0 : at(x, y, z)),
    { code: 'cut', side: 'top' },
    /^cut off at the top: no gray matter where the others have \S+ % of theirs$/,
  ],
  [
    'cut off at the left',
    (at, x, y, z) => (x >= nx - 8 ? 0 : at(x, y, z)),
    { code: 'cut', side: 'left' },
    /^cut off at the left/,
  ],
  [
    'moved out of the volume',
    (at, x, y, z) => (z >= 6 ? at(x, y, z - 6) : 0),
    { code: 'face', side: 'top' },
    /^gray matter reaches the top face of the volume, where the others have none$/,
  ],
  [
    'binarised',
    (at, x, y, z) => (at(x, y, z) > 0.5 ? 1 : 0),
    { code: 'few-values', count: 2 },
    /^only 2 different values: a binarised map\?$/,
  ],
  [
    'mirrored',
    (at, x, y, z) => at(nx - 1 - x, y, z),
    { code: 'mirrored' },
    /^left and right look swapped: its asymmetry correlates with the others' by -0\.\d\d, usual is 0\.\d\d$/,
  ],
  [
    'upside down',
    (at, x, y, z) => at(x, y, nz - 1 - z),
    { code: 'flipped', flip: 'up-down' },
    /^fits the cohort's mean better upside down: correlation 0\.\d\d, as stored /,
  ],
  [
    'back to front',
    (at, x, y, z) => at(x, ny - 1 - y, z),
    { code: 'flipped', flip: 'front-back' },
    /better back to front/,
  ],
  [
    'turned by half around x',
    (at, x, y, z) => at(x, ny - 1 - y, nz - 1 - z),
    { code: 'flipped', flip: 'both' },
    /better upside down and back to front/,
  ],
  [
    'of 8 bits',
    (at, x, y, z) => Math.round(255 * at(x, y, z)),
    { code: 'scaled', scale: 255 },
    /^values up to 255: a probability map stored as 0 to 255\? Divide by 255$/,
  ],
  [
    'in percent',
    (at, x, y, z) => 100 * at(x, y, z),
    { code: 'scaled', scale: 100 },
    /stored as 0 to 100\? Divide by 100$/,
  ],
  [
    'of any size',
    (at, x, y, z) => 37 * at(x, y, z),
    { code: 'not-probabilities' },
    /^values up to 3\d\S*: not probabilities/,
  ],
  [
    'modulated',
    (at, x, y, z) => 1.4 * at(x, y, z),
    { code: 'modulated' },
    /^above 1 in .*, up to 1\.4 \(a modulated map\?\)$/,
  ],
  ['negative', (at, x, y, z) => at(x, y, z) - 0.03, { code: 'negative' }, /^below 0, down to -0\.030$/],
];

describe('one bad image among sound ones', () => {
  it.each(planted)('%s is named', async (name, how, expected, text) => {
    const reasons = await reasonsFor(withOne(name, how));
    const { code } = expected as { code: string };
    const found = reasons.find((reason) => reason.code === code);
    expect(found).toMatchObject(expected);
    expect(reasonText(found!)).toMatch(text);
    const names = [
      'cut',
      'face',
      'few-values',
      'mirrored',
      'flipped',
      'scaled',
      'not-probabilities',
      'modulated',
    ];
    const others = reasons.filter((reason) => names.includes(reason.code) && reason.code !== code);
    // A brain that is moved out at the top is missing at the bottom.
    expect(others.map((reason) => reason.code)).toEqual(code === 'face' ? ['cut'] : []);
  });

  it('on another scale leaves the others as they were', async () => {
    const volumes = async (cohort: readonly Session[]) =>
      new Map(
        (await checkImages(cohort, checkDefaults)).images.map((one) => [one.session.participantId, one]),
      );
    const [before, after] = [
      await volumes(sound),
      await volumes(withOne('scaled', (at, ...place) => 255 * at(...place))),
    ];
    for (const [id, image] of after) {
      expect(image.correlation).toBeCloseTo(before.get(id)!.correlation!, 5);
      expect(image.measures!.grayMatter).toBeCloseTo(before.get(id)!.measures!.grayMatter, 2);
    }
  });

  it('copied from another session names it, and so does the other', async () => {
    const copy = { ...sound[1], sessionId: 'ses-M006' };
    const cohort = [...sound, copy];
    expect((await reasonsFor(cohort, copy)).map(reasonText)).toContain(
      `the same scan as ${sound[1].participantId} ses-M000, voxel by voxel`,
    );
    expect((await reasonsFor(cohort, sound[1])).map(({ code }) => code)).toContain('copy');
  });
});

it('flags at most one of a hundred sound images, and none by name', async () => {
  const codes: string[] = [];
  let count = 0;
  for (const seed of [5, 6]) {
    const all = simulated(12, seed);
    for (const parts of [1, 2, 4]) {
      for (let part = 0; part < parts; part++) {
        const cohort = all.filter((_, i) => i % parts === part);
        const { images } = await checkImages(cohort, checkDefaults);
        count += images.length;
        codes.push(...images.flatMap(({ reasons }) => reasons.map(({ code }) => code)));
      }
    }
  }
  expect(count).toBeGreaterThan(100);
  expect(codes.length, codes.join()).toBeLessThanOrEqual(count / 100);
  expect(codes.filter((code) => !['volume', 'unlike', 'outside'].includes(code))).toEqual([]);
}, 60_000);
