import { type Intensity, plainIntensity, scales } from '../../cohort/intensity.ts';
import {
  type Architecture,
  type Convolutional,
  defaultArchitecture,
  type Reduction,
} from '../../model/architecture.ts';
import { type Sampling, samplings } from '../../model/order.ts';
import { trainDefaults } from '../../model/train.ts';
import { UsageError } from '../fail.ts';
import { adapterOption } from '../gpu.ts';
import type { TrainJobOptions } from '../jobs/train.ts';
import { jsonOption, listOption, numberOption, textOption } from '../options.ts';

/** What the command line of `voxmask train` says. */
export interface Arguments {
  cohort: string;
  out: string;
  split: string | undefined;
  folds: number | undefined;
  fold: string;
  runs: number | undefined;
  'split-seed': number | undefined;
  epochs: number;
  'batch-size': number;
  'learning-rate': number;
  'weight-decay': number;
  patience: number;
  seed: number;
  sampling: Sampling;
  channels: string[];
  'sub-blocks': string[];
  reduction: Reduction;
  'fc-layers': number;
  dropout: number;
  classes: string[];
  intensity: Intensity['scale'];
  smoothing: number;
  init?: string | undefined;
  'checkpoint-every': number;
  adapter: string | undefined;
  overwrite: boolean;
  json: boolean;
  quiet?: boolean;
}

/** Its options, as yargs takes them. */
export const trainOptions = {
  out: textOption({ demandOption: true as const, describe: 'Folder for the results; made if missing' }),
  split: textOption({
    describe: 'Split drawn before: its table, a folder of folds, or the lists of ClinicaDL',
  }),
  folds: numberOption('folds', { describe: 'Parts that the participants are cut into  [default: 5]' }),
  fold: textOption({
    default: '0',
    describe: 'Part that validates, from 0; the others train. Several in turn: 0..4, or 0,2',
  }),
  runs: numberOption('runs', {
    describe: 'Trainings of each fold, of different initialisation  [default: 1]',
  }),
  'split-seed': numberOption('split-seed', {
    describe: 'Start of the random numbers that draw the parts  [default: 2]',
  }),
  epochs: number('epochs', trainDefaults.epochs, 'Epochs at most'),
  'batch-size': number('batch-size', trainDefaults.batchSize, 'Images in a step'),
  'learning-rate': number('learning-rate', trainDefaults.learningRate, "Adam's"),
  'weight-decay': number(
    'weight-decay',
    trainDefaults.weightDecay,
    'Share of a weight added to its gradient',
  ),
  patience: number('patience', trainDefaults.patience, 'Epochs above the lowest loss before the end'),
  seed: number('seed', trainDefaults.seed, 'Start of the random numbers of the training'),
  sampling: {
    choices: samplings,
    default: trainDefaults.sampling as Sampling,
    describe: 'Each session once in an epoch, or every class equally often',
  },
  channels: list(defaultArchitecture.channels, 'Output channels of each block'),
  'sub-blocks': list(defaultArchitecture.subBlocks, 'Sub-blocks of each block, 1 to 3'),
  reduction: {
    choices: ['maxpool', 'stride'] as const,
    default: defaultArchitecture.reduction as Reduction,
    describe: 'How a block halves the volume',
  },
  'fc-layers': number('fc-layers', defaultArchitecture.fcLayers, 'Fully connected layers'),
  dropout: number('dropout', defaultArchitecture.dropout, 'Share of the features dropped in a step'),
  classes: list(defaultArchitecture.classes, 'Diagnoses to tell apart; the one under study last'),
  intensity: {
    choices: scales,
    default: plainIntensity.scale as Intensity['scale'],
    describe: 'Scale of the images: as they are, to [0, 1], or by mean and deviation over the brain',
  },
  smoothing: number('smoothing', plainIntensity.smoothing, 'Gaussian that smooths the images, FWHM in mm'),
  init: textOption({
    describe:
      'Convolutions to start from: what "voxmask pretrain" wrote, or a trained network; or its folder',
  }),
  'checkpoint-every': number(
    'checkpoint-every',
    60,
    'Seconds between checkpoints, from which a killed run goes on',
  ),
  adapter: adapterOption,
  overwrite: { type: 'boolean', default: false, describe: 'Replace a training that is there already' },
  json: jsonOption,
} as const;

function number(name: string, value: number, describe: string) {
  return numberOption(name, { default: value, describe });
}

/** The default is a text as the user would write it; the option's own rule takes it apart like any other. */
function list(values: readonly (string | number)[], describe: string) {
  const option = listOption({ default: values.join(','), describe });
  return { ...option, coerce: (text: string) => option.coerce(text) ?? [] };
}

/**
 * The folds that a command line names, as 0, 0..4 or 0,2,4.
 *
 * @throws UsageError for what is no fold
 */
export function foldsOf({ fold, folds = 5, split }: Arguments): number[] {
  const named = fold.split(',').flatMap((part) => {
    const [, first, last = first] = /^\s*(\d+)(?:\.\.(\d+))?\s*$/.exec(part) ?? [];
    const [from, to] = [Number(first), Number(last)];
    return from <= to ? Array.from({ length: to - from + 1 }, (_, i) => from + i) : [Number.NaN];
  });
  const most = split === undefined ? folds - 1 : undefined;
  if (named.every((one) => isWhole(one, 0, most))) return [...new Set(named)];
  throw usage(`--fold takes a whole number ${range(0, most)}, or several, as 0..4 or 0,2`);
}

/** The job that a command line asks for, of its first fold. @throws UsageError for the first value that cannot be */
export function jobOf(args: Arguments): TrainJobOptions {
  checkNumbers(args);
  const { cohort, out, overwrite, split = null, epochs, patience, seed } = args;
  const { folds = 5, 'split-seed': splitSeed = 2 } = args;
  return {
    cohort,
    out,
    overwrite,
    split,
    folds,
    fold: foldsOf(args)[0],
    splitSeed,
    network: networkOf(args),
    training: {
      epochs,
      batchSize: args['batch-size'],
      learningRate: args['learning-rate'],
      weightDecay: args['weight-decay'],
      patience,
      seed,
      sampling: args.sampling,
    },
    checkpointSeconds: args['checkpoint-every'],
    intensity: { scale: args.intensity, smoothing: args.smoothing },
    ...(args.init !== undefined && { init: args.init }),
  };
}

function networkOf(args: Arguments): Omit<Architecture, 'inputShape'> {
  const { dropout, classes } = args;
  const convolutional = convolutionalOf(args, 'train');
  if (classes.length < 2 || new Set(classes).size !== classes.length) {
    throw usage('--classes takes at least two different names, with commas between');
  }
  return { ...convolutional, fcLayers: args['fc-layers'], dropout, classes };
}

/** The convolutional part that a command line asks for. @throws UsageError for the first value that cannot be */
export function convolutionalOf(
  args: Pick<Arguments, 'channels' | 'sub-blocks' | 'reduction'>,
  command: string,
): Omit<Convolutional, 'inputShape'> {
  const channels = wholes('channels', args.channels, command);
  const subBlocks = wholes('sub-blocks', args['sub-blocks'], command, 3);
  if (channels.length !== subBlocks.length) {
    const counts = `--channels has ${channels.length} blocks, --sub-blocks ${subBlocks.length}`;
    throw usage(`${counts}: give both one number per block`, command);
  }
  return { channels, subBlocks, reduction: args.reduction };
}

function checkNumbers(args: Arguments): void {
  for (const name of ['epochs', 'batch-size', 'patience', 'fc-layers'] as const) checkWhole(args, name, 1);
  const { split, folds = 5, 'split-seed': splitSeed = 2 } = args;
  if (split !== undefined && (args.folds !== undefined || args['split-seed'] !== undefined))
    throw usage('--split is a split drawn before; it goes without --folds and --split-seed');
  checkWhole({ folds }, 'folds', 2);
  if (args.runs !== undefined) checkWhole({ runs: args.runs }, 'runs', 1);
  checkWhole(args, 'seed', 0);
  checkWhole({ 'split-seed': splitSeed }, 'split-seed', 0, 2 ** 32 - 1);
  if (!(args['learning-rate'] > 0)) throw usage('--learning-rate takes a number above 0');
  if (!(args['weight-decay'] >= 0)) throw usage('--weight-decay takes a number from 0');
  if (!(args['checkpoint-every'] >= 0)) throw usage('--checkpoint-every takes a number of seconds from 0');
  if (!(args.smoothing >= 0)) throw usage('--smoothing takes a number of mm from 0');
  if (!(args.dropout >= 0 && args.dropout < 1)) throw usage('--dropout takes a number from 0 to below 1');
}

function checkWhole<K extends keyof Arguments>(
  args: Readonly<Record<K, number>>,
  name: K,
  least: number,
  most?: number,
): void {
  if (!isWhole(args[name], least, most)) throw usage(`--${name} takes a whole number ${range(least, most)}`);
}

function wholes(name: string, texts: readonly string[], command: string, most?: number): number[] {
  const values = texts.map(Number);
  if (values.length > 0 && values.every((value) => isWhole(value, 1, most))) return values;
  throw usage(`--${name} takes whole numbers ${range(1, most)}, with commas between`, command);
}

/** Whether a value is a whole number in a range. */
export function isWhole(value: number, least: number, most = Number.MAX_SAFE_INTEGER): boolean {
  return Number.isSafeInteger(value) && value >= least && value <= most;
}

function range(least: number, most?: number): string {
  return most === undefined ? `from ${least}` : `from ${least} to ${most}`;
}

function usage(message: string, command = 'train'): UsageError {
  return new UsageError(message, command);
}
