import { InputError } from '../error.ts';
import { readGrid } from '../nifti.ts';
import type { Session } from '../session.ts';
import { describeGrids, type Grid, sameGrid } from '../volume.ts';
import { correlation, type Measures, measure, outsideShare } from './measures.ts';
import { readEach } from './read.ts';
import { judge, type Likeness, type Own } from './verdict.ts';

/** What a person should do with an image: leave it out, look at it, or nothing. */
export type Verdict = 'rejected' | 'flagged' | 'accepted';

export interface CheckOptions {
  /** an image whose maximum lies below is rejected */
  readonly minimum: number;
  /** robust z-scores beyond it are flagged */
  readonly z: number;
}

export const checkDefaults: CheckOptions = { minimum: 0.95, z: 3.5 };

/** One image's measures, and its scores among the others'; null where they could not be taken. */
export interface Checked {
  readonly session: Session;
  readonly verdict: Verdict;
  readonly reasons: readonly string[];
  readonly measures: Measures | null;
  /** robust z of the gray-matter volume */
  readonly volumeZ: number | null;
  /** with the mean of the cohort's images that are not rejected */
  readonly correlation: number | null;
  readonly correlationZ: number | null;
  /** share of the gray matter where the others have none */
  readonly outside: number | null;
  readonly outsideZ: number | null;
}

/** A checked cohort: the worst images first, their grid, and their mean. */
export interface Check {
  readonly images: readonly Checked[];
  readonly grid: Grid;
  readonly mean: Float32Array;
}

const some = 0.1; // a probability above it is gray matter, for the question where others have none

/** So few of the others are as good as none: a twentieth of them, or two, which may have failed in the same way. */
const rareShare = 0.05;
const rareImages = 2;

/**
 * The first step of the quality check (paper, section 2.3.1), and more. Rejected: images whose maximum is below 0.95, that
 * are empty or constant, cannot be read, or lie on another grid than most. Flagged, for a person to look at: values above 1
 * (a modulated map) or below 0, more voxels without a number than usual, and a volume, a correlation with the cohort's mean
 * or gray matter outside the others' that stands out.
 *
 * @param onImage called after each reading; every image is read twice
 * @throws InputError when no image can be used
 */
export async function checkImages(
  sessions: readonly Session[],
  options: CheckOptions,
  onImage: (done: number, of: number) => void = () => {},
): Promise<Check> {
  const grid = commonGrid(sessions);
  const own = new Map<Session, { measures: Measures | null; rejected: string | null }>();
  const voxels = grid.shape[0] * grid.shape[1] * grid.shape[2];
  const sums = new Float64Array(voxels);
  const present = new Uint32Array(voxels); // images with gray matter there
  let used = 0;
  let done = 0;
  for await (const read of readEach(sessions)) {
    onImage(++done, 2 * sessions.length);
    if ('fault' in read) {
      own.set(read.session, { measures: null, rejected: `cannot be read: ${read.fault}` });
      continue;
    }
    const measures = measure(read.image);
    const rejected = otherGrid(read.image.grid, grid) ?? faultOf(measures, options.minimum);
    own.set(read.session, { measures, rejected });
    if (rejected !== null) continue;
    used++;
    const { data } = read.image;
    for (let i = 0; i < sums.length; i++) {
      sums[i] += data[i];
      if (data[i] > some) present[i]++;
    }
  }
  if (used === 0) throw allRejected(own);
  const mean = Float32Array.from(sums, (sum) => sum / used);
  const likeness = new Map<Session, Likeness>();
  for await (const read of readEach(sessions)) {
    onImage(++done, 2 * sessions.length);
    if ('fault' in read && own.get(read.session)!.rejected === null) throw changed(read.session, read.fault);
    if (!('image' in read) || !sameGrid(read.image.grid, grid)) continue;
    const { data } = read.image;
    // An image does not count among those that have gray matter where it has some itself.
    const others = own.get(read.session)!.rejected === null ? used - 1 : used;
    const itself = others < used ? 1 : 0;
    const few = Math.max(rareShare * others, rareImages);
    likeness.set(read.session, {
      correlation: correlation(data, mean),
      outside: outsideShare(data, (i) => present[i] - (data[i] > some ? itself : 0) <= few),
    });
  }
  return { grid, mean, images: judge(sessions, own, likeness, options) };
}

/** The grid of most images whose headers can be read. */
function commonGrid(sessions: readonly Session[]): Grid {
  const groups: { grid: Grid; count: number }[] = [];
  for (const { path } of sessions) {
    try {
      const grid = readGrid(path);
      const group = groups.find((known) => sameGrid(known.grid, grid));
      if (group) group.count++;
      else groups.push({ grid, count: 1 });
    } catch (error) {
      if (!(error instanceof InputError)) throw error; // told with the image, when it is read
    }
  }
  if (groups.length > 0)
    return groups.reduce((most, group) => (group.count > most.count ? group : most)).grid;
  throw new InputError('images', 'none can be read', 'Check the paths in the cohort table');
}

function otherGrid(its: Grid, grid: Grid): string | null {
  if (sameGrid(its, grid)) return null;
  const [found, wanted] = describeGrids(its, grid);
  return `lies on another grid: ${found}, where most have ${wanted}`;
}

function faultOf({ maximum, minimum }: Measures, least: number): string | null {
  if (maximum === minimum) return maximum === 0 ? 'is empty' : `is constant: ${maximum}`;
  return maximum < least ? `maximum ${maximum.toFixed(3)} is below ${least}` : null;
}

function changed({ path }: Session, fault: string): InputError {
  return new InputError(
    path,
    `could be read at first, and no longer: ${fault}`,
    'Check again once no other program changes the images',
  );
}

function allRejected(own: Own): InputError {
  const reasons = [...own].slice(0, 5).map(([{ path }, { rejected }]) => `\n  ${path}: ${rejected}`);
  return new InputError(
    'images',
    `all ${own.size} are rejected:${reasons.join('')}\n`,
    'Give gray-matter probability maps, whose maximum is 1 or just below',
  );
}
