import type { Convolutional, Reduction } from '../../model/architecture.ts';
import { overlay, type Settings, settingsOf } from '../../model/settings.ts';
import { UsageError } from '../fail.ts';
import { adapterOption } from '../gpu.ts';
import type { TrainJobOptions } from '../jobs/train.ts';
import { readTrainConfig } from '../jobs/train-config.ts';
import { settledIn } from '../jobs/train-settings.ts';
import { memoryOption } from '../memory.ts';
import { counts, jsonOption, numberOption, seeds32, textOption } from '../options.ts';
import { configurationOf, type SettingsArguments, settingsOptions } from './settings-options.ts';
import { isWhole, rangeText, wholes } from './whole.ts';

/** Where a training's data come from and where it goes: what `voxmask train` and `voxmask search` share. */
export interface DataArguments {
  cohort: string;
  out: string;
  split: string | undefined;
  folds: number | undefined;
  fold: string;
  'split-seed': number | undefined;
  'checkpoint-every': number;
  adapter: string | undefined;
  overwrite: boolean;
  json: boolean;
  quiet?: boolean;
}

/** What the command line of `voxmask train` says. */
export interface Arguments extends DataArguments, SettingsArguments {
  config: string | undefined;
  init?: string | undefined;
  'shuffle-labels': boolean;
  runs: number | undefined;
}

/** The options of DataArguments, as yargs takes them. */
export const dataOptions = {
  out: textOption({ demandOption: true as const, describe: 'Folder for the results; made if missing' }),
  split: textOption({
    describe: 'Split drawn before: its table, a folder of folds, or the lists of ClinicaDL',
  }),
  folds: numberOption('folds', {
    range: { whole: true, least: 2 },
    describe: 'Parts that the participants are cut into  [default: 5]',
  }),
  'split-seed': numberOption('split-seed', {
    range: seeds32,
    describe: 'Start of the random numbers that draw the parts  [default: 2]',
  }),
  'checkpoint-every': numberOption('checkpoint-every', {
    range: { least: 0, unit: 'seconds' },
    default: 60,
    describe: 'Seconds between checkpoints, from which a killed run goes on',
  }),
  adapter: adapterOption,
  memory: memoryOption,
  overwrite: { type: 'boolean', default: false, describe: 'Replace a training that is there already' },
  json: jsonOption,
} as const;

/** The options of `voxmask train`. */
export const trainOptions = {
  ...dataOptions,
  fold: textOption({
    default: '0',
    describe: 'Part that validates, from 0; the others train. Several in turn: 0..4, or 0,2',
  }),
  runs: numberOption('runs', {
    range: counts,
    describe: 'Trainings of each fold, of different initialisation  [default: 1]',
  }),
  config: textOption({
    describe: 'Configuration in YAML, as "voxmask search" writes it; options here go before it',
  }),
  init: textOption({
    describe:
      'Convolutions to start from: what "voxmask pretrain" wrote, or a trained network; or its folder',
  }),
  'shuffle-labels': {
    type: 'boolean',
    default: false,
    describe: 'A control: deal the labels out anew, by the seed; on others the network then stays at chance',
  },
  ...settingsOptions,
} as const;

/**
 * The folds that a command line names, as 0, 0..4 or 0,2,4.
 *
 * @throws UsageError for what is no fold
 */
export function foldsOf({ fold, folds = 5, split }: DataArguments, command = 'train'): number[] {
  const named = fold.split(',').flatMap((part) => {
    const [, first, last = first] = /^\s*(\d+)(?:\.\.(\d+))?\s*$/.exec(part) ?? [];
    const [from, to] = [Number(first), Number(last)];
    return from <= to ? Array.from({ length: to - from + 1 }, (_, i) => from + i) : [Number.NaN];
  });
  const most = split === undefined ? folds - 1 : undefined;
  if (named.every((one) => isWhole(one, 0, most))) return [...new Set(named)];
  throw new UsageError(
    `--fold takes a whole number ${rangeText(0, most)}, or several, as 0..4 or 0,2`,
    command,
  );
}

/** Where the data come from and go, of the first fold. @throws UsageError for the first value that cannot be */
export function dataOf(args: DataArguments, command: string): Omit<TrainJobOptions, keyof Settled> {
  const { cohort, out, overwrite, split = null, folds = 5, 'split-seed': splitSeed = 2 } = args;
  if (split !== null && (args.folds !== undefined || args['split-seed'] !== undefined)) {
    const what = '--split is a split drawn before; it goes without --folds and --split-seed';
    throw new UsageError(what, command);
  }
  return {
    cohort,
    out,
    overwrite,
    split,
    folds,
    fold: foldsOf(args, command)[0],
    splitSeed,
    checkpointSeconds: args['checkpoint-every'],
  };
}

type Settled = ReturnType<typeof settledIn>;

/**
 * The job that a command line and its configuration file ask for, of its first fold.
 *
 * @throws UsageError for the first value that cannot be
 * @throws InputError that lists the file's faults
 */
export function jobOf(args: Arguments): TrainJobOptions {
  const given = configurationOf(args, 'train');
  const data = dataOf(args, 'train');
  const settings = settingsOf(overlay(args.config ? readTrainConfig(args.config) : {}, given));
  checkLengths(settings);
  return {
    ...data,
    ...settledIn(settings),
    ...(args.init !== undefined && { init: args.init }),
    shuffleLabels: args['shuffle-labels'],
  };
}

/** Checks settings without their data, as of a study's file. @throws UsageError for the first value that cannot be */
export function requireSettings(args: Partial<SettingsArguments> & Pick<Partial<Arguments>, 'config'>): void {
  const given = configurationOf(args as SettingsArguments, 'train');
  if (args.config === undefined) checkLengths(settingsOf(given)); // a file may give what is missing here
}

function checkLengths({ channels, 'sub-blocks': subBlocks }: Blocks, command = 'train'): void {
  if (channels.length === subBlocks.length) return;
  const counts = `--channels has ${channels.length} blocks, --sub-blocks ${subBlocks.length}`;
  throw new UsageError(`${counts}: give both one number per block`, command);
}

type Blocks = Pick<Settings, 'channels' | 'sub-blocks'>;

/** The convolutional part that a command line asks for. @throws UsageError for the first value that cannot be */
export function convolutionalOf(
  args: { channels: string[]; 'sub-blocks': string[]; reduction: Reduction },
  command: string,
): Omit<Convolutional, 'inputShape'> {
  const channels = wholes('channels', args.channels, command);
  const subBlocks = wholes('sub-blocks', args['sub-blocks'], command, 3);
  checkLengths({ channels, 'sub-blocks': subBlocks }, command);
  return { channels, subBlocks, reduction: args.reduction };
}
