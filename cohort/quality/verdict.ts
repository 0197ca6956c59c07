import { listed } from '../listed.ts';
import { compareSessions, type Session, sessionName } from '../session.ts';
import type { Checked } from './check.ts';
import { edgeFaults, medianProfiles, type Profiles } from './edges.ts';
import { fitsBetter, isMirrored, type Sides, sidesOf } from './flips.ts';
import type { Measures } from './measures.ts';
import type { Likeness, Own } from './reading.ts';
import type { Reason } from './reasons.ts';
import { median, outlierLimit, robustScores } from './robust.ts';
import { valueRange } from './scale.ts';

const unusualNans = 0.01; // more of the volume than the cohort's median
const belowZero = -1e-3; // interpolation by splines may leave less

/** What the images that are not rejected have in common, and each one's scores among them. */
interface Usual {
  readonly scores: ReadonlyMap<Session, Pick<Checked, 'volumeZ' | 'correlationZ' | 'outsideZ'>>;
  readonly nanShare: number;
  readonly profiles: Profiles;
  readonly sides: Sides;
  /** robust z beyond which one stands out */
  readonly limit: number;
}

/** A verdict for every image, the worst first. @param z as in `CheckOptions` */
export function judge(
  sessions: readonly Session[],
  own: ReadonlyMap<Session, Own>,
  likeness: ReadonlyMap<Session, Likeness>,
  z: number,
): { images: Checked[]; sides: Sides } {
  const usual = usualOf(sessions, own, likeness, z);
  const copies = copiesOf(sessions, own);
  const images = sessions.map((session): Ranked => {
    const { measures, rejected } = own.get(session)!;
    const like = likeness.get(session);
    const scores = usual.scores.get(session) ?? { volumeZ: null, correlationZ: null, outsideZ: null };
    const faults = rejected ? [rejected] : faultsOf(own.get(session)!, like!, copies.get(session), usual);
    const doubts = rejected ? [] : doubtsOf(scores, usual.limit);
    const verdict = rejected ? 'rejected' : faults.length + doubts.length > 0 ? 'flagged' : 'accepted';
    return {
      ...{ session, verdict, measures, ...scores, reasons: [...faults, ...doubts] },
      ...comparison(like),
      severity: rejected ? Number.POSITIVE_INFINITY : severityOf(scores, faults.length, doubts.length),
    };
  });
  return { images: images.sort(worstFirst).map(({ severity: _, ...rest }) => rest), sides: usual.sides };
}

function usualOf(
  sessions: readonly Session[],
  own: ReadonlyMap<Session, Own>,
  likeness: ReadonlyMap<Session, Likeness>,
  z: number,
): Usual {
  const sound = sessions.filter((session) => own.get(session)!.rejected === null);
  const measured = sound.map((session) => own.get(session)!.measures!);
  const compared = sound.map((session) => likeness.get(session)!);
  const volumes = robustScores(measured.map(({ grayMatter }) => grayMatter));
  const correlations = robustScores(compared.map(({ correlation }) => correlation));
  const outsides = robustScores(compared.map(({ outside }) => outside));
  return {
    scores: new Map(
      sound.map((session, i) => [
        session,
        { volumeZ: volumes[i], correlationZ: correlations[i], outsideZ: outsides[i] },
      ]),
    ),
    nanShare: median(measured.map(({ nanShare }) => nanShare)),
    profiles: medianProfiles(sound.map((session) => own.get(session)!.profiles!)),
    sides: sidesOf(compared.map(({ flipped }) => flipped.asymmetry)),
    limit: outlierLimit(z, sound.length),
  };
}

/** By session, the names of the others that have the same scan. */
function copiesOf(
  sessions: readonly Session[],
  own: ReadonlyMap<Session, Own>,
): ReadonlyMap<Session, string> {
  const groups = new Map<string, Session[]>();
  for (const session of [...sessions].sort(compareSessions)) {
    const { fingerprint } = own.get(session)!;
    if (!fingerprint) continue;
    const group = groups.get(fingerprint);
    if (group) group.push(session);
    else groups.set(fingerprint, [session]);
  }
  const named = (session: Session, group: readonly Session[]): [Session, string] => [
    session,
    listed(group.filter((other) => other !== session).map(sessionName), ', ', 3),
  ];
  return new Map(
    [...groups.values()]
      .filter((group) => group.length > 1)
      .flatMap((group) => group.map((session) => named(session, group))),
  );
}

/** What is wrong with an image by itself, or by its likeness with the others. */
function faultsOf(
  { measures, profiles }: Own,
  { correlation, flipped }: Likeness,
  copyOf: string | undefined,
  { nanShare: usualNans, profiles: usualProfiles, sides }: Usual,
): Reason[] {
  const { minimum, nanShare, differentValues } = measures!;
  const turned = fitsBetter(flipped, correlation);
  const { flip, asymmetry } = flipped;
  return [
    ...rangeReasons(measures!),
    ...(minimum < belowZero ? [{ code: 'negative', minimum } as const] : []),
    ...(nanShare > usualNans + unusualNans ? [{ code: 'nan', share: nanShare } as const] : []),
    ...(differentValues !== null ? [{ code: 'few-values', count: differentValues } as const] : []),
    ...(copyOf === undefined ? [] : [{ code: 'copy', of: copyOf } as const]),
    ...(turned
      ? [{ code: 'flipped', flip, correlation: flipped.correlation, asStored: correlation } as const]
      : []),
    ...(!turned && isMirrored(asymmetry, sides)
      ? [{ code: 'mirrored', asymmetry, usual: sides.usual } as const]
      : []),
    // The ends of a brain that is turned over are not where the others' are.
    ...(turned ? [] : edgeFaults(profiles!, usualProfiles)),
  ];
}

function rangeReasons({ maximum, aboveOneShare: share }: Measures): Reason[] {
  const { kind, scale } = valueRange(maximum);
  if (kind === 'probabilities') return [];
  if (kind === 'modulated') return [{ code: kind, maximum, share }];
  return kind === 'scaled' ? [{ code: kind, maximum, scale }] : [{ code: kind, maximum }];
}

function doubtsOf(
  { volumeZ, correlationZ, outsideZ }: Pick<Checked, 'volumeZ' | 'correlationZ' | 'outsideZ'>,
  limit: number,
): Reason[] {
  return [
    ...(volumeZ !== null && Math.abs(volumeZ) > limit ? [{ code: 'volume', z: volumeZ } as const] : []),
    ...(correlationZ !== null && correlationZ < -limit ? [{ code: 'unlike', z: correlationZ } as const] : []),
    // Shares are skewed: many a sound brain is a few deviations above the median.
    ...(outsideZ !== null && outsideZ > 2 * limit ? [{ code: 'outside', z: outsideZ } as const] : []),
  ];
}

function comparison(
  like: Likeness | undefined,
): Pick<Checked, 'correlation' | 'outside' | 'flip' | 'flipCorrelation' | 'asymmetry'> {
  const known = (value: number | undefined) => (value === undefined || Number.isNaN(value) ? null : value);
  return {
    correlation: known(like?.correlation),
    outside: known(like?.outside),
    flip: like?.flipped.flip ?? null,
    flipCorrelation: known(like?.flipped.correlation),
    asymmetry: known(like?.flipped.asymmetry),
  };
}

type Ranked = Checked & { readonly severity: number };

/** Named faults come before images that only stand out, and these before the accepted ones. */
function severityOf(
  { volumeZ, correlationZ, outsideZ }: Pick<Checked, 'volumeZ' | 'correlationZ' | 'outsideZ'>,
  faults: number,
  doubts: number,
): number {
  const z = Math.max(Math.abs(volumeZ!), -correlationZ!, outsideZ!);
  return z + (faults > 0 ? 2e6 : doubts > 0 ? 1e6 : 0);
}

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
