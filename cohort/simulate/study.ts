import { refuseUnless } from './refuse.ts';

/** What a simulated cohort has beyond one baseline map of each participant. Everything is off unless asked for. */
export interface StudyOptions {
  /** Visits of each participant, `interval` months apart, over 300 months at most. */
  sessions?: number | undefined;
  /** Months between visits; default 6. */
  interval?: number | undefined;
  /** Participants and sessions in all of each class, in place of a number per class; visits are dealt at random. */
  counts?: Readonly<Record<'CN' | 'AD', ClassCounts>> | undefined;
  /** Share of the planted regions' gray matter that AD participants lose per year, beside what is lost at baseline. */
  progression?: number | undefined;
  /** Age and sex change the maps a little, and MMSE and CDR are told. */
  covariates?: boolean | undefined;
  /** Whence the cohort comes: another prefix means other people, and a scanner of its own. */
  site?: Site | undefined;
  /** Sessions whose maps are to fail a quality check. */
  failures?: { readonly lowMaximum: number; readonly eyes: number } | undefined;
  /** Kinds of AD, each with regions of its own that are lost beside the planted ones. */
  subtypes?: number | undefined;
  /** Share of the participants who bear the other class's label. */
  labelNoise?: number | undefined;
  /** `caps`: as Clinica leaves it, with the tables of a BIDS folder. */
  layout?: 'plain' | 'caps' | undefined;
  /** In a CAPS tree: modulated and smoothed maps too. */
  variants?: boolean | undefined;
}

export interface ClassCounts {
  readonly participants: number;
  readonly sessions: number;
}

/** A scanner and a pipeline: they change all maps alike. */
export interface Site {
  /** begins the participants' identifiers, after `sub-` */
  readonly prefix: string;
  /** power that probabilities are raised to; 1 leaves them */
  readonly gamma: number;
  /** full width at half maximum of a Gaussian, mm; 0 for none */
  readonly smoothing: number;
  /** size of the warps, in multiples of the usual */
  readonly warp: number;
}

/** Months of the visits where their number is dealt: the schedule of long follow-ups. */
export const followUp = [0, 6, 12, 18, 24, 36, 48, 60, 72, 84, 96, 108, 120];

const longestFollowUp = 300; // months: participants begin at up to 92 years

export const studyDefaults = {
  interval: 6,
  progression: 0.03,
  site: { prefix: '', gamma: 1, smoothing: 0, warp: 1 },
} as const;

/** Whether a cohort has anything that the plain one has not; only then do its files tell of visits. */
export function isStudy(options: StudyOptions): boolean {
  const { sessions, counts, covariates, site, failures, subtypes, labelNoise, layout } = options;
  return (
    (sessions ?? 1) > 1 ||
    counts !== undefined ||
    covariates === true ||
    site !== undefined ||
    failures !== undefined ||
    (subtypes ?? 0) > 0 ||
    (labelNoise ?? 0) > 0 ||
    layout === 'caps'
  );
}

/** Which hemisphere is atrophied. */
export const sides = ['left', 'right', 'both'] as const;
export type Side = (typeof sides)[number];

/** @throws InputError naming the first option that cannot be */
export function checkStudy(options: StudyOptions): void {
  const { sessions, interval, counts, progression, site, failures, subtypes, labelNoise } = options;
  const whole = (name: string, value: number | undefined, least: number, most: number) =>
    refuseUnless(
      value === undefined || (Number.isInteger(value) && value >= least && value <= most),
      name,
      `is ${value}`,
      `Give a whole number from ${least} to ${most}`,
    );
  const fraction = (name: string, value: number | undefined, most: number) =>
    refuseUnless(
      value === undefined || (value >= 0 && value <= most),
      name,
      `is ${value}`,
      `Give a number from 0 to ${most}`,
    );
  whole('sessions', sessions, 1, 50);
  whole('interval', interval, 1, 60);
  const months = ((sessions ?? 1) - 1) * (interval ?? studyDefaults.interval);
  refuseUnless(
    months <= longestFollowUp,
    'sessions',
    `make a follow-up of ${months} months`,
    `Give at most ${longestFollowUp} months in all`,
  );
  whole('subtypes', subtypes, 0, 8);
  whole('failures of low maximum', failures?.lowMaximum, 0, 10_000);
  whole('failures of eyes', failures?.eyes, 0, 10_000);
  fraction('progression', progression, 0.5);
  fraction('label noise', labelNoise, 1);
  fraction('smoothing of the site', site?.smoothing, 20);
  fraction('warp of the site', site?.warp, 5);
  refuseUnless(
    site === undefined || (site.gamma > 0 && site.gamma <= 5),
    'gamma of the site',
    `is ${site?.gamma}`,
    'Give a number above 0, up to 5',
  );
  refuseUnless(
    site === undefined || /^[A-Za-z0-9]*$/.test(site.prefix),
    'prefix',
    `is ${JSON.stringify(site?.prefix)}`,
    'Give letters and digits, as BIDS wants them',
  );
  for (const [name, { participants, sessions: all }] of Object.entries(counts ?? {})) {
    whole(`participants of ${name}`, participants, 1, 10_000);
    refuseUnless(
      Number.isInteger(all) && all >= participants && all <= followUp.length * participants,
      `sessions of ${name}`,
      `are ${all} for ${participants} participants`,
      `Give from 1 to ${followUp.length} for each`,
    );
  }
}
