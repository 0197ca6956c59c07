import { compareSessions, type Session } from '../session.ts';
import type { Checked, CheckOptions } from './check.ts';
import type { Measures } from './measures.ts';
import { median, robustScores } from './robust.ts';

const unusualNans = 0.01; // more of the volume than the cohort's median

/** How an image compares with the others. */
export interface Likeness {
  readonly correlation: number;
  readonly outside: number;
}

/** By session, its measures, and why it is rejected, if it is. */
export type Own = ReadonlyMap<
  Session,
  { readonly measures: Measures | null; readonly rejected: string | null }
>;

/** A verdict for every image, the worst first. */
export function judge(
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
  return checked.sort(worstFirst).map(({ severity: _, ...rest }) => rest);
}

type Ranked = Checked & { readonly severity: number };

/**
 * The rejected first: those that cannot be read, then by their maximum, the lowest first (as the paper sorts them); then by
 * severity. Equals by participant and session, so that the order of the table does not matter.
 */
function worstFirst(a: Ranked, b: Ranked): number {
  const height = ({ measures }: Ranked) => measures?.maximum ?? Number.NEGATIVE_INFINITY;
  const bySeverity = a.severity === b.severity ? 0 : b.severity - a.severity;
  const byMaximum = a.verdict === 'rejected' && height(a) !== height(b) ? height(a) - height(b) : 0;
  return bySeverity || byMaximum || compareSessions(a.session, b.session);
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
