import { InputError } from '../error.ts';
import { readGrid } from '../nifti.ts';
import type { Session } from '../session.ts';
import { fingerprintOf } from '../splits/twins.ts';
import { describeGrids, type Grid, sameGrid } from '../volume.ts';
import { type Profiles, sliceShares } from './edges.ts';
import { compareFlipped, type Flipped } from './flips.ts';
import { correlation, type Measures, measure, outsideShare } from './measures.ts';
import { readEach } from './read.ts';
import type { Reason } from './reasons.ts';

/** What the first reading finds in one image. */
export interface Own {
  /** null where the image cannot be read */
  readonly measures: Measures | null;
  readonly rejected: Reason | null;
  /** as `fingerprintOf`; undefined where the image cannot be read */
  readonly fingerprint: string | null | undefined;
  /** null where the image is rejected */
  readonly profiles: Profiles | null;
}

/** How an image compares with the others, from the second reading. */
export interface Likeness {
  /** with the mean of the images that are not rejected; NaN for a constant image */
  readonly correlation: number;
  /** share of the gray matter where the others have none */
  readonly outside: number;
  readonly flipped: Flipped;
}

/** The images that are not rejected, together. */
export interface Together {
  readonly mean: Float32Array;
  /** voxel by voxel, how many images have gray matter there */
  readonly present: Uint32Array;
  readonly count: number;
}

const some = 0.1; // a probability above it is gray matter, for the question where others have none

/** So few of the others are as good as none: a twentieth of them, or two, which may have failed in the same way. */
const rareShare = 0.05;
const rareImages = 2;

/** The grid of most images whose headers can be read. @throws InputError where none can be */
export function commonGrid(sessions: readonly Session[]): Grid {
  const groups: { grid: Grid; count: number }[] = [];
  for (const { path } of sessions) {
    try {
      const grid = readGrid(path);
      const group = groups.find((known) => sameGrid(known.grid, grid));
      if (group) group.count++;
      else groups.push({ grid, count: 1 });
    } catch (error) {
      if (!(error instanceof InputError)) throw error; // the image's own reason says so, when it is read
    }
  }
  if (groups.length > 0)
    return groups.reduce((most, group) => (group.count > most.count ? group : most)).grid;
  throw new InputError('images', 'none can be read', 'Check the paths in the cohort table');
}

/** First reading: measures each image, and adds up those that are not rejected. @param minimum of a sound image's maximum */
export async function measureEach(
  sessions: readonly Session[],
  grid: Grid,
  minimum: number,
  onImage: () => void,
): Promise<{ own: Map<Session, Own>; together: Together }> {
  const own = new Map<Session, Own>();
  const voxels = grid.shape[0] * grid.shape[1] * grid.shape[2];
  const sums = new Float64Array(voxels);
  const present = new Uint32Array(voxels);
  let count = 0;
  for await (const read of readEach(sessions)) {
    onImage();
    if ('fault' in read) {
      const rejected = { code: 'unreadable', fault: read.fault } as const;
      own.set(read.session, { measures: null, rejected, fingerprint: undefined, profiles: null });
      continue;
    }
    const measures = measure(read.image);
    const rejected = otherGrid(read.image.grid, grid) ?? faultOf(measures, minimum);
    const data = divided(read.image.data, measures.scale);
    const profiles = rejected === null ? sliceShares(data, grid) : null;
    own.set(read.session, { measures, rejected, fingerprint: fingerprintOf(read.image), profiles });
    if (rejected !== null) continue;
    count++;
    for (let i = 0; i < voxels; i++) {
      if (data[i] === 0) continue;
      sums[i] += data[i];
      if (data[i] > some) present[i]++;
    }
  }
  const mean = Float32Array.from(sums, (sum) => sum / count);
  return { own, together: { mean, present, count } };
}

/** Second reading: compares each image on the grid with the others. @throws InputError where an image can no longer be read */
export async function compareEach(
  sessions: readonly Session[],
  own: ReadonlyMap<Session, Own>,
  grid: Grid,
  { mean, present, count }: Together,
  onImage: () => void,
): Promise<Map<Session, Likeness>> {
  const likeness = new Map<Session, Likeness>();
  for await (const read of readEach(sessions)) {
    onImage();
    const { measures, rejected } = own.get(read.session)!;
    if ('fault' in read && rejected === null) throw changed(read.session, read.fault);
    if (!('image' in read) || !sameGrid(read.image.grid, grid)) continue;
    const data = divided(read.image.data, measures?.scale ?? 1);
    // An image does not count among those that have gray matter where it has some itself.
    const itself = rejected === null ? 1 : 0;
    const others = count - itself;
    const few = Math.max(rareShare * others, rareImages);
    likeness.set(read.session, {
      correlation: correlation(data, mean),
      outside: outsideShare(data, (i) => present[i] - (data[i] > some ? itself : 0) <= few),
      flipped: compareFlipped(data, mean, grid, itself * count),
    });
  }
  return likeness;
}

function divided(data: Float32Array, scale: number): Float32Array {
  return scale === 1 ? data : data.map((value) => value / scale);
}

function otherGrid(its: Grid, grid: Grid): Reason | null {
  if (sameGrid(its, grid)) return null;
  const [found, wanted] = describeGrids(its, grid);
  return { code: 'grid', found, wanted };
}

function faultOf({ maximum, minimum }: Measures, least: number): Reason | null {
  if (maximum === minimum) return maximum === 0 ? { code: 'empty' } : { code: 'constant', value: maximum };
  return maximum < least ? { code: 'low-maximum', maximum, least } : null;
}

function changed({ path }: Session, fault: string): InputError {
  return new InputError(
    path,
    `could be read at first, and no longer: ${fault}`,
    'Check again once no other program changes the images',
  );
}
