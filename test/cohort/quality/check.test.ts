import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { readCohort, type Session } from '../../../cohort/cohort.ts';
import { readVolume, writeVolume } from '../../../cohort/nifti.ts';
import { checkDefaults, checkImages } from '../../../cohort/quality/check.ts';
import { simulateCohort } from '../../../cohort/simulate/index.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-quality-'));
const options = { participantsPerClass: 4, strength: 0.2, resolution: 6, seed: 5 };
const { sessions } = readCohort(simulateCohort(folder, options).cohort, ['CN', 'AD']);
afterAll(() => rmSync(folder, { recursive: true }));

/** The session with another image: its own, changed voxel by voxel. */
function changed(session: Session, name: string, how: (value: number) => number): Session {
  const volume = readVolume(session.path);
  const file = path.join(folder, `${name}.nii`);
  writeVolume(file, volume.data.map(how), volume, { datatype: 'float32' });
  return { ...session, path: file };
}

/** Its maximum made exactly `maximum`. */
function lowered(session: Session, name: string, maximum: number): Session {
  const most = readVolume(session.path).data.reduce((a, b) => Math.max(a, b));
  return changed(session, name, (value) => (value * maximum) / most);
}

it('sorts the rejected by their maximum, and does not care for the order of the rows', async () => {
  const planted = [
    lowered(sessions[0], 'a', 0.9),
    ...sessions.slice(1, 4),
    lowered(sessions[4], 'b', 0.3),
    lowered(sessions[5], 'c', 0.6),
    ...sessions.slice(6),
  ];
  const verdicts = async (list: Session[]) =>
    (await checkImages(list, checkDefaults)).images.map(({ session, verdict }) => [
      path.basename(session.path),
      verdict,
    ]);
  const usual = await verdicts(planted);
  expect(usual.slice(0, 3)).toEqual([
    ['b.nii', 'rejected'],
    ['c.nii', 'rejected'],
    ['a.nii', 'rejected'],
  ]);
  expect(usual.filter(([, verdict]) => verdict === 'rejected')).toHaveLength(3);
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(planted, { minLength: planted.length }), async (shuffled) => {
      expect(await verdicts(shuffled)).toEqual(usual);
    }),
    { numRuns: 8 },
  );
});

it('rejects an image exactly when its maximum lies below the limit', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 7 }),
      fc.integer({ min: 10, max: 99 }),
      async (which, percent) => {
        const maximum = percent / 100;
        fc.pre(percent !== 95);
        const list = sessions.map((session, i) => (i === which ? lowered(session, 'low', maximum) : session));
        const { images } = await checkImages(list, checkDefaults);
        const found = images.find(({ session }) => session === list[which])!;
        expect(found.measures!.maximum).toBeCloseTo(maximum, 6);
        expect(found.verdict === 'rejected').toBe(maximum < 0.95);
      },
    ),
    { numRuns: 12 },
  );
});

it('tells when an image can no longer be read at the second reading', async () => {
  const lost = changed(sessions[0], 'lost', (value) => value);
  const check = checkImages([lost, ...sessions.slice(1)], checkDefaults, {
    onImage: (done) => {
      if (done === sessions.length) rmSync(lost.path);
    },
  });
  await expect(check).rejects.toThrow(/lost\.nii: could be read at first, and no longer: .*Check again/);
});
