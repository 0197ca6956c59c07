import { InputError } from '../error.ts';
import { readGrid } from '../nifti.ts';
import type { Session } from '../session.ts';
import { describeGrids, type Grid, sameGrid } from '../volume.ts';
import { correlation, type Measures, measure, outsideShare } from './measures.ts';
import { readEach } from './read.ts';
import { median, robustScores } from './robust.ts';

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

const unusualNans = 0.01; // more of the volume than the cohort's median

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
  const sums = new Float64Array(grid.shape[0] * grid.shape[1] * grid.shape[2]);
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
    for (let i = 0; i < sums.length; i++) sums[i] += data[i];
  }
  if (used === 0) throw allRejected(own);
  const mean = Float32Array.from(sums, (sum) => sum / used);
  const likeness = new Map<Session, Likeness>();
  for await (const read of readEach(sessions)) {
    onImage(++done, 2 * sessions.length);
    if (!('image' in read) || !sameGrid(read.image.grid, grid)) continue;
    const { data } = read.image;
    // The mean of the others: an image must not hide behind its own share of the mean.
    const [share, others] = own.get(read.session)!.rejected === null ? [1, used - 1] : [0, used];
    likeness.set(read.session, {
      correlation: correlation(data, mean),
      outside: others > 0 ? outsideShare(data, (i) => (sums[i] - share * data[i]) / others) : 0,
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

/** How an image compares with the others. */
interface Likeness {
  readonly correlation: number;
  readonly outside: number;
}

type Own = ReadonlyMap<Session, { readonly measures: Measures | null; readonly rejected: string | null }>;

function judge(
  sessions: readonly Session[],
  own: Own,
  likeness: ReadonlyMap<Session, Likeness>,
  { z }: CheckOptions,
): Checked[] {
  const sound = sessions.filter((session) => own.get(session)!.rejected === null);
  const measured = sound.map((session) => own.get(session)!.measures!);
  const volumes = robustScores(measured.map(({ grayMatter }) => grayMatter));
  const correlations = robustScores(sound.map((session) => likeness.get(session)!.correlation));
  const outsides = robustScores(sound.map((session) => likeness.get(session)!.outside));
  const usualNans = median(measured.map(({ nanShare }) => nanShare));
  const places = new Map(sound.map((session, i) => [session, i]));
  const checked = sessions.map((session): Checked & { severity: number } => {
    const { measures, rejected } = own.get(session)!;
    const { correlation: r, outside = null } = likeness.get(session) ?? {};
    const place = places.get(session);
    const given = { session, measures, outside, correlation: r === undefined || Number.isNaN(r) ? null : r };
    if (rejected !== null || measures === null || place === undefined) {
      const reasons = rejected === null ? [] : [rejected];
      return {
        ...given,
        verdict: 'rejected',
        reasons,
        volumeZ: null,
        correlationZ: null,
        outsideZ: null,
        severity: Infinity,
      };
    }
    const [volumeZ, correlationZ, outsideZ] = [volumes[place], correlations[place], outsides[place]];
    const reasons = doubts(measures, { volumeZ, correlationZ, outsideZ }, usualNans, z);
    const verdict = reasons.length > 0 ? 'flagged' : 'accepted';
    const severity = Math.max(Math.abs(volumeZ), -correlationZ, outsideZ) + (verdict === 'flagged' ? 1e6 : 0);
    return { ...given, verdict, reasons, volumeZ, correlationZ, outsideZ, severity };
  });
  return checked.sort((a, b) => b.severity - a.severity || 0).map(({ severity: _, ...rest }) => rest);
}

function doubts(
  { minimum, nanShare, aboveOneShare }: Measures,
  { volumeZ, correlationZ, outsideZ }: { volumeZ: number; correlationZ: number; outsideZ: number },
  usualNans: number,
  z: number,
): string[] {
  const percent = (share: number) => `${(100 * share).toPrecision(2)} %`;
  return [
    ...(aboveOneShare > 0 ? [`above 1 in ${percent(aboveOneShare)} of the voxels (a modulated map?)`] : []),
    ...(minimum < -1e-3 ? [`below 0, down to ${minimum.toFixed(3)}`] : []),
    ...(nanShare > usualNans + unusualNans ? [`no number in ${percent(nanShare)} of the voxels`] : []),
    ...(Math.abs(volumeZ) > z ? [`gray-matter volume stands out: z ${volumeZ.toFixed(1)}`] : []),
    ...(correlationZ < -z ? [`unlike the cohort's mean: z ${correlationZ.toFixed(1)}`] : []),
    // Shares are skewed: many a sound brain is a few deviations above the median.
    ...(outsideZ > 2 * z ? [`gray matter where others have none: z ${outsideZ.toFixed(1)}`] : []),
  ];
}

function allRejected(own: Own): InputError {
  const reasons = [...own].slice(0, 5).map(([{ path }, { rejected }]) => `\n  ${path}: ${rejected}`);
  return new InputError(
    'images',
    `all ${own.size} are rejected:${reasons.join('')}\n`,
    'Give gray-matter probability maps, whose maximum is 1 or just below',
  );
}
