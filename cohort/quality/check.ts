import { InputError } from '../error.ts';
import type { Session } from '../session.ts';
import type { Grid } from '../volume.ts';
import type { Flip, Sides } from './flips.ts';
import type { Measures } from './measures.ts';
import { commonGrid, compareEach, measureEach, type Own } from './reading.ts';
import { type Reason, reasonText } from './reasons.ts';
import { judge } from './verdict.ts';

/** What a person should do with an image: leave it out, look at it, or nothing. */
export type Verdict = 'rejected' | 'flagged' | 'accepted';

export interface CheckOptions {
  /** an image whose maximum is lower is rejected */
  readonly minimum: number;
  /** robust z-scores beyond it are flagged; raised in small cohorts, as `outlierLimit` */
  readonly z: number;
}

export const checkDefaults: CheckOptions = { minimum: 0.95, z: 3.5 };

/** One image's measures, and its scores among the others'; null where they could not be taken. */
export interface Checked {
  readonly session: Session;
  readonly verdict: Verdict;
  readonly reasons: readonly Reason[];
  readonly measures: Measures | null;
  /** robust z of the gray-matter volume */
  readonly volumeZ: number | null;
  /** with the mean of the cohort's images that are not rejected */
  readonly correlation: number | null;
  readonly correlationZ: number | null;
  /** share of the gray matter where the others have none */
  readonly outside: number | null;
  readonly outsideZ: number | null;
  /** the flip that fits the mean best, its correlation, and that of the left-right asymmetries */
  readonly flip: Flip | null;
  readonly flipCorrelation: number | null;
  readonly asymmetry: number | null;
}

/** A checked cohort: the worst images first, their grid, their mean, and whether left and right can be told apart in it. */
export interface Check {
  readonly images: readonly Checked[];
  readonly grid: Grid;
  readonly mean: Float32Array;
  readonly sides: Sides;
}

export interface CheckHooks {
  /** called after each reading; every image is read twice */
  readonly onImage?: ((done: number, of: number) => void) | undefined;
  /**
   * called between the readings with the images' fingerprints (`fingerprintOf`; undefined where an image cannot be read); what
   * it throws ends the check
   */
  readonly onFingerprints?:
    | ((fingerprints: ReadonlyMap<Session, string | null | undefined>) => void)
    | undefined;
}

/**
 * The first step of the quality check (paper, section 2.3.1), and more: docs/method.md lists what is rejected and what is
 * flagged, with the thresholds. Memory does not grow with the number of images but for some numbers of each.
 *
 * @throws InputError when no image can be used
 */
export async function checkImages(
  sessions: readonly Session[],
  { minimum, z }: CheckOptions,
  { onImage, onFingerprints }: CheckHooks = {},
): Promise<Check> {
  const grid = commonGrid(sessions);
  let done = 0;
  const read = () => onImage?.(++done, 2 * sessions.length);
  const { own, together } = await measureEach(sessions, grid, minimum, read);
  onFingerprints?.(new Map([...own].map(([session, { fingerprint }]) => [session, fingerprint])));
  if (together.count === 0) throw allRejected(own);
  const likeness = await compareEach(sessions, own, grid, together, read);
  return { grid, mean: together.mean, ...judge(sessions, own, likeness, z) };
}

function allRejected(own: ReadonlyMap<Session, Own>): InputError {
  const reasons = [...own]
    .slice(0, 5)
    .map(([{ path }, { rejected }]) => `\n  ${path}: ${rejected && reasonText(rejected)}`);
  return new InputError(
    'images',
    `all ${own.size} are rejected:${reasons.join('')}\n`,
    'Give gray-matter probability maps, whose maximum is 1 or just below',
  );
}
