import path from 'node:path';
import { alignedAtlas, readAtlas } from '../../../cohort/atlas.ts';
import { readCohort } from '../../../cohort/cohort.ts';
import { readVolume } from '../../../cohort/nifti.ts';
import { resample } from '../../../cohort/resample.ts';
import { compareText, firstSessions, type Session } from '../../../cohort/session.ts';
import { type Grid, sameGrid } from '../../../cohort/volume.ts';
import type { ViewerData, ViewerVolume } from '../../../report/page/data.ts';
import { brightest } from '../../../report/scene.ts';
import { attempt, type Context, locate, warn } from './context.ts';
import type { FoundMask } from './masks.ts';
import { readClasses } from './networks.ts';
import { member } from './numbers.ts';
import type { Sealed, Shown } from './shown.ts';

const mostImages = 40;

/** What lies behind the masks in the pictures. */
export interface Brain {
  readonly grid: Grid;
  /** mean gray matter; all 0 where no image is there */
  readonly gray: Float32Array;
  /** images that it is the mean of */
  readonly images: number;
  /** a T1 or template that was given, on the grid */
  readonly given: Float32Array | null;
}

/** The mean of up to 40 first sessions, evenly taken from the cohort of a mask. */
export function readBrain(context: Context, mask: FoundMask, grid: Grid, background: string | null): Brain {
  const { say } = context.identity;
  const given = background === null ? null : backgroundOn(background, grid);
  const sessions = sessionsOf(context, mask);
  const step = Math.max(1, sessions.length / mostImages);
  const chosen = Array.from(
    { length: Math.min(mostImages, sessions.length) },
    (_, i) => sessions[Math.floor(i * step)],
  );
  const gray = new Float32Array(grid.shape[0] * grid.shape[1] * grid.shape[2]);
  let images = 0;
  for (const session of chosen) {
    const volume = attempt(context, say`an image`, () => readVolume(session.path));
    if (!volume || !sameGrid(volume.grid, grid)) continue;
    images++;
    for (let i = 0; i < gray.length; i++) gray[i] += volume.data[i];
  }
  if (images > 0) for (let i = 0; i < gray.length; i++) gray[i] /= images;
  else
    warn(
      context,
      'note',
      say`The images are not where they were, so the pictures show masks without a brain behind them.`,
    );
  return { grid, gray, images, given };
}

function sessionsOf(context: Context, { result }: FoundMask): Session[] {
  const table = locate(
    context,
    result.options.cohort ?? member(result.options, 'from', 'cohort'),
    result.folder,
  );
  if (table === null) return [];
  const classes = readClasses(context);
  const cohort = attempt(context, context.identity.say`the cohort of the masks`, () =>
    readCohort(table, classes, { allowOneClass: true }),
  );
  const sessions = cohort ? firstSessions(cohort.sessions) : [];
  return context.identity.anonymous ? sessions.sort(byWhoTheyAre) : sessions;
}

/** An order that does not follow from identifiers: by diagnosis, sex and age. */
function byWhoTheyAre(a: Session, b: Session): number {
  const text = ({ diagnosis, sex }: Session) => `${diagnosis} ${sex}`;
  return compareText(text(a), text(b)) || (a.age ?? 0) - (b.age ?? 0);
}

/** @throws InputError when it cannot be read */
function backgroundOn(file: string, grid: Grid): Float32Array {
  const volume = readVolume(path.resolve(file));
  return sameGrid(volume.grid, grid) ? volume.data : resample(volume.data, volume.grid, grid, 'trilinear');
}

/** Volumes for the viewer: the brain, masks by name, and the atlas of the masks. */
export function viewerOf(
  context: Context,
  { grid, gray, images, given }: Brain,
  masks: readonly { readonly name: Shown; readonly data: Float32Array }[],
  of: FoundMask,
): Sealed<ViewerData> {
  const { say } = context.identity;
  const backgrounds: Sealed<ViewerVolume>[] = [];
  if (given) backgrounds.push({ name: say`given image`, bytes: bytesOf(given, brightest(given)) });
  if (images > 0)
    backgrounds.push({
      name: say`mean gray matter of ${images} images`,
      bytes: bytesOf(gray, brightest(gray)),
    });
  return {
    grid,
    backgrounds,
    masks: masks.map(({ name, data }) => ({
      name,
      bytes: bytesOf(
        data.map((m) => 1 - m),
        1,
      ),
    })),
    regions: regionsOn(context, of, grid),
  };
}

function bytesOf(data: Float32Array, white: number): Uint8Array {
  return Uint8Array.from(data, (value) => Math.round(255 * Math.max(0, Math.min(1, value / white || 0))));
}

/** Up to 255 regions fit a byte each; larger atlases (none in use here) are left out and said so. */
function regionsOn(context: Context, { result }: FoundMask, grid: Grid): Sealed<ViewerData>['regions'] {
  const { say, region } = context.identity;
  const atlas = result.options.atlas;
  const [image, labels] = ['image', 'labels'].map((name) =>
    locate(context, member(atlas, name), result.folder),
  );
  if (!image || !labels) return null;
  const found = attempt(context, say`the atlas`, () => alignedAtlas(readAtlas(image, labels), grid, true));
  if (!found) return null;
  if (found.regions.length > 255) {
    warn(
      context,
      'note',
      say`The viewer names no regions: the atlas has ${found.regions.length}, and it takes 255.`,
    );
    return null;
  }
  const numbers = new Map(found.regions.map(({ value }, i) => [value, i + 1]));
  return {
    names: found.regions.map(({ name }) => region(name)),
    bytes: Uint8Array.from(found.labels, (label) => numbers.get(label) ?? 0),
  };
}
