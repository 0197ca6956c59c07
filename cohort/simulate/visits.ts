import { type Appearance, clip, type Participant } from './participant.ts';
import { type Stream, stream } from './random.ts';
import { followUp, type StudyOptions, studyDefaults } from './study.ts';
import { drawWarp, joinWarps } from './warp.ts';

/** One session of a participant. */
export interface Visit {
  readonly participant: Participant;
  readonly sessionId: string;
  readonly month: number;
  /** years at the visit */
  readonly age: number;
  /** null unless covariates were asked for */
  readonly mmse: number | null;
  readonly cdr: number | null;
  readonly appearance: Appearance;
}

const sessionWarp = 0.12; // of the usual size: what a new scan and registration change
const sessionSpread = 0.008; // of the global factor
const yearlyDecline = 0.003; // of gray matter per year of age
const maleFactor = 0.985;

/**
 * A participant's sessions. What is theirs stays: regions, severity, subtype; a visit adds the months' atrophy and the noise
 * of a new scan. Nothing here moves what the plain cohort draws.
 *
 * @param place class and index of the participant, which name their random numbers
 * @param months of the visits
 */
export function drawVisits(
  participant: Participant,
  months: readonly number[],
  place: readonly [classIndex: number, index: number],
  seed: number,
  options: StudyOptions & { readonly strength: number },
): Visit[] {
  const { strength } = options;
  const of = (purpose: number, ...more: number[]) => stream(seed, 1 + place[0], place[1], purpose, ...more);
  const pace = (1 + 0.3 * clip(of(6).normal(), -3, 3)) * participant.severity;
  // Without strength the maps hold no signal, however long the follow-up; the scores still tell who is ill.
  const rate = strength === 0 ? 0 : (options.progression ?? studyDefaults.progression) * pace;
  const repeated = (options.sessions ?? 1) > 1 || options.counts !== undefined;
  const grade = of(5);
  const [score, coin] = [grade.normal(), grade.uniform()];
  return months.map((month) => {
    const years = month / 12;
    const age = participant.age + years;
    const appearance = repeated ? rescanned(participant, of(4, month)) : participant;
    const losses = new Map(
      [...participant.losses].map(([name, loss]) => [name, clip(loss + rate * years, 0, 0.95)]),
    );
    const factor = options.covariates ? covariateFactor(age, participant.sex) : 1;
    return {
      participant,
      sessionId: `ses-M${String(month).padStart(3, '0')}`,
      month,
      age,
      ...(options.covariates
        ? scoresOf(participant, years, score, coin, of(8, month))
        : { mmse: null, cdr: null }),
      appearance: { ...appearance, losses, globalFactor: appearance.globalFactor * factor },
    };
  });
}

/** How many visits each of a class's participants has: one at least, the others dealt at random up to the total. */
export function dealVisits(participants: number, sessions: number, random: Stream): number[] {
  const visits = new Array<number>(participants).fill(1);
  for (let left = sessions - participants; left > 0; ) {
    const i = Math.floor(random.uniform() * participants);
    if (visits[i] >= followUp.length) continue;
    visits[i]++;
    left--;
  }
  return visits;
}

/** The months of so many visits on the schedule. */
export function scheduled(visits: number): number[] {
  return followUp.slice(0, visits);
}

function rescanned(participant: Participant, noise: Stream): Appearance {
  return {
    ...participant,
    globalFactor: participant.globalFactor * (1 + sessionSpread * clip(noise.normal(), -3, 3)),
    warp: joinWarps(participant.warp, drawWarp(noise, sessionWarp)),
  };
}

function covariateFactor(age: number, sex: 'F' | 'M'): number {
  return (1 - yearlyDecline * (age - 75)) * (sex === 'M' ? maleFactor : 1);
}

/** MMSE and CDR about as table 1 of the paper has them, falling and rising with the years of a disease. */
function scoresOf(
  { diagnosis, severity }: Participant,
  years: number,
  score: number,
  coin: number,
  noise: Stream,
): { mmse: number; cdr: number } {
  const again = 0.7 * noise.normal();
  if (diagnosis === 'CN') return { mmse: Math.round(clip(29.1 + score + 0.3 * again, 24, 30)), cdr: 0 };
  const mmse = Math.round(
    clip(23.2 + 2 * score - 2 * (severity - 1) - 1.8 * severity * years + again, 0, 30),
  );
  const cdr = mmse >= 20 ? (coin < 0.48 ? 0.5 : 1) : mmse >= 16 ? 1 : mmse >= 10 ? 2 : 3;
  return { mmse, cdr };
}
