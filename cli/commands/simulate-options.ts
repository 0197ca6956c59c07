import { type SimulateOptions, simulateDefaults } from '../../cohort/simulate/index.ts';
import { type Side, type StudyOptions, sides, studyDefaults } from '../../cohort/simulate/study.ts';
import { UsageError } from '../fail.ts';
import {
  counts,
  jsonOption,
  listOption,
  notNegative,
  numberOption,
  positive,
  seeds32,
  shareOfWhole,
  textOption,
} from '../options.ts';

/** What the command line of `voxmask simulate` says. */
export interface Arguments {
  directory: string;
  participants: number;
  strength: number;
  resolution: number;
  seed: number;
  regions: string[] | undefined;
  side: Side;
  template: string | undefined;
  atlas: string | undefined;
  labels: string | undefined;
  sessions: number | undefined;
  interval: number | undefined;
  counts: string[] | undefined;
  progression: number | undefined;
  covariates: boolean;
  prefix: string | undefined;
  gamma: number | undefined;
  smoothing: number | undefined;
  warp: number | undefined;
  failures: string[] | undefined;
  subtypes: number | undefined;
  'label-noise': number | undefined;
  layout: 'plain' | 'caps';
  variants: boolean;
  overwrite: boolean;
  json: boolean;
  quiet?: boolean;
}

/** Its options, as yargs takes them. */
export const simulateOptions = {
  participants: numberOption('participants', {
    range: counts,
    default: simulateDefaults.participantsPerClass,
    describe: 'Participants in each of the classes CN and AD',
  }),
  strength: numberOption('strength', {
    range: { least: 0, most: 0.8 },
    default: simulateDefaults.strength,
    describe: 'Mean fraction of gray matter lost in the planted regions, 0 to 0.8; 0 plants no signal',
  }),
  resolution: numberOption('resolution', {
    range: positive,
    default: simulateDefaults.resolution,
    describe: 'Voxel size in mm; a template keeps its own',
  }),
  seed: numberOption('seed', {
    range: seeds32,
    default: simulateDefaults.seed,
    describe: 'Start of the random numbers',
  }),
  regions: listOption({
    describe: 'Planted regions, with commas between; medial temporal lobe by default',
  }),
  side: { choices: sides, default: 'both' as Side, describe: 'Of these, the ones on one side only' },
  template: textOption({
    describe: 'Gray-matter map to start from instead of a brain made by formula',
  }),
  atlas: textOption({ describe: "Atlas of the template's regions" }),
  labels: textOption({ describe: "Table of the atlas's region names" }),
  sessions: numberOption('sessions', { range: counts, describe: 'Visits of each participant  [default: 1]' }),
  interval: numberOption('interval', {
    range: counts,
    describe: `Months between the visits of --sessions  [default: ${studyDefaults.interval}]`,
  }),
  counts: listOption({
    describe: 'Participants and sessions in all of each class, as CN=330:1830,AD=336:1106',
  }),
  progression: numberOption('progression', {
    range: shareOfWhole,
    describe: `Share of the planted regions' gray matter that AD loses per year  [default: ${studyDefaults.progression}]`,
  }),
  covariates: {
    type: 'boolean',
    default: false,
    describe: 'Let age and sex change the maps, and tell MMSE and CDR',
  },
  prefix: textOption({ describe: "Begins the participants' identifiers; another one means other people" }),
  gamma: numberOption('gamma', {
    range: positive,
    describe: "Power that a site's probabilities are raised to  [default: 1]",
  }),
  smoothing: numberOption('smoothing', {
    range: notNegative,
    describe: "Gaussian of a site's maps, FWHM in mm  [default: 0]",
  }),
  warp: numberOption('warp', {
    range: notNegative,
    describe: "Size of a site's warps, in multiples of the usual  [default: 1]",
  }),
  failures: listOption({
    describe: 'Sessions whose maps are to fail a quality check, as low-maximum:3,eyes:2',
  }),
  subtypes: numberOption('subtypes', {
    range: counts,
    describe: 'Kinds of AD, each with lost regions of its own',
  }),
  'label-noise': numberOption('label-noise', {
    range: shareOfWhole,
    describe: "Share of the participants who bear the other class's label, 0 to 1",
  }),
  layout: {
    choices: ['plain', 'caps'] as const,
    default: 'plain' as 'plain' | 'caps',
    describe: 'Images beside a table, or a CAPS folder and BIDS tables as Clinica leaves them',
  },
  variants: {
    type: 'boolean',
    default: false,
    describe: 'In a CAPS folder: maps by DARTEL, modulated and smoothed, too',
  },
  overwrite: {
    type: 'boolean',
    default: false,
    describe: 'Write into a folder that holds a cohort already',
  },
  json: jsonOption,
} as const;

/** The cohort that a command line asks for. @throws UsageError for what cannot be understood */
export function optionsOf(args: Arguments): SimulateOptions {
  const { participants, strength, resolution, seed, regions, side, template, atlas, labels, overwrite } =
    args;
  const given = [template, atlas, labels].filter((name) => name !== undefined);
  if (given.length !== 0 && given.length !== 3) {
    throw usage('--template, --atlas and --labels are given together');
  }
  if (args.counts && args.sessions !== undefined) throw usage('--counts goes without --sessions');
  if (args.interval !== undefined && args.sessions === undefined) {
    throw usage('--interval goes with --sessions');
  }
  if (args.progression !== undefined && args.sessions === undefined && !args.counts) {
    throw usage('--progression goes with --sessions or --counts');
  }
  if (args.variants && args.layout !== 'caps') throw usage('--variants goes with --layout caps');
  return {
    participantsPerClass: participants,
    strength,
    resolution,
    seed,
    overwrite,
    ...(regions && { regions }),
    ...(side !== 'both' && { side }),
    ...(template && atlas && labels && { template: { image: template, atlas, labels } }),
    ...studyOf(args),
  };
}

/** Only what was asked for: a plain cohort's options stay as short as they are. */
function studyOf(args: Arguments): StudyOptions {
  const { sessions, interval, counts, progression, covariates, subtypes, layout, variants } = args;
  const followed = counts !== undefined || (sessions ?? 1) > 1;
  const { prefix, gamma, smoothing, warp } = args;
  const site = [prefix, gamma, smoothing, warp].some((value) => value !== undefined);
  return {
    ...(sessions !== undefined && { sessions }),
    ...(followed && { progression: progression ?? studyDefaults.progression }),
    ...(followed && !counts && { interval: interval ?? studyDefaults.interval }),
    ...(counts && { counts: countsOf(counts) }),
    ...(covariates && { covariates }),
    ...(site && {
      site: {
        prefix: prefix ?? studyDefaults.site.prefix,
        gamma: gamma ?? studyDefaults.site.gamma,
        smoothing: smoothing ?? studyDefaults.site.smoothing,
        warp: warp ?? studyDefaults.site.warp,
      },
    }),
    ...(args.failures && { failures: failuresOf(args.failures) }),
    ...(subtypes !== undefined && { subtypes }),
    ...(args['label-noise'] !== undefined && { labelNoise: args['label-noise'] }),
    ...(layout !== 'plain' && { layout, variants }),
  };
}

function countsOf(parts: readonly string[]): NonNullable<StudyOptions['counts']> {
  const found = new Map(
    parts.map((part) => {
      const match = /^(CN|AD)[=:](\d+):(\d+)$/.exec(part);
      if (!match)
        throw usage('--counts takes participants and sessions of both classes, as CN=330:1830,AD=336:1106');
      return [match[1], { participants: Number(match[2]), sessions: Number(match[3]) }];
    }),
  );
  const [CN, AD] = [found.get('CN'), found.get('AD')];
  if (!CN || !AD || parts.length > 2)
    throw usage('--counts takes both classes once, as CN=330:1830,AD=336:1106');
  return { CN, AD };
}

function failuresOf(parts: readonly string[]): NonNullable<StudyOptions['failures']> {
  const found = new Map(
    parts.map((part) => {
      const match = /^(low-maximum|eyes):(\d+)$/.exec(part);
      if (!match) throw usage('--failures takes numbers of sessions, as low-maximum:3,eyes:2');
      return [match[1], Number(match[2])];
    }),
  );
  if (found.size < parts.length) throw usage('--failures names a kind twice');
  return { lowMaximum: found.get('low-maximum') ?? 0, eyes: found.get('eyes') ?? 0 };
}

function usage(message: string): UsageError {
  return new UsageError(message, 'simulate');
}
