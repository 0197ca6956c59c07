import type { Intensity } from '../../cohort/intensity.ts';
import type { Reduction } from '../../model/architecture.ts';
import { pretrainDefaults } from '../../model/pretrain.ts';
import { UsageError } from '../fail.ts';
import type { PretrainJobOptions } from '../jobs/pretrain.ts';
import { counts, notNegative, numberOption, positive, type Range } from '../options.ts';
import { defaulted, defaultedList } from './settings-options.ts';
import { convolutionalOf, trainOptions } from './train-options.ts';
import { isWhole } from './whole.ts';

/** What the command line of `voxmask pretrain` says. */
export interface Arguments {
  cohort: string;
  out: string;
  split: string | undefined;
  fold: number | undefined;
  folds: number | undefined;
  'split-seed': number | undefined;
  epochs: number;
  'batch-size': number;
  'learning-rate': number;
  'weight-decay': number;
  seed: number;
  channels: string[];
  'sub-blocks': string[];
  reduction: Reduction;
  classes: string[];
  intensity: Intensity['scale'];
  smoothing: number;
  'checkpoint-every': number;
  adapter: string | undefined;
  overwrite: boolean;
  json: boolean;
  quiet?: boolean;
}

const { out, split, folds, adapter, memory, json } = trainOptions;

/** Its options, as yargs takes them: those of training that shape the convolutions and their images, and its own. */
export const pretrainOptions = {
  out,
  split: { ...split, describe: `${split.describe}; its training side alone is learnt from` },
  fold: numberOption('fold', {
    range: { whole: true, least: 0 },
    describe: 'Part of the cohort that is not learnt from and chooses the epoch, from 0  [default: none]',
  }),
  folds,
  'split-seed': trainOptions['split-seed'],
  epochs: number('epochs', pretrainDefaults.epochs, counts, 'Epochs'),
  'batch-size': number('batch-size', pretrainDefaults.batchSize, counts, 'Images in a step'),
  'learning-rate': number('learning-rate', pretrainDefaults.learningRate, positive, "Adam's"),
  'weight-decay': number(
    'weight-decay',
    pretrainDefaults.weightDecay,
    notNegative,
    trainOptions['weight-decay'].describe,
  ),
  seed: defaulted('seed'),
  channels: defaultedList('channels'),
  'sub-blocks': defaultedList('sub-blocks'),
  reduction: defaulted('reduction'),
  classes: {
    ...defaultedList('classes'),
    describe: 'Diagnoses that a fold is drawn by; of no meaning without one',
  },
  intensity: defaulted('intensity'),
  smoothing: defaulted('smoothing'),
  'checkpoint-every': trainOptions['checkpoint-every'],
  adapter,
  memory,
  overwrite: { ...trainOptions.overwrite, describe: 'Replace an autoencoder that is there already' },
  json,
} as const;

function number(name: string, value: number, range: Range, describe: string) {
  return numberOption(name, { range, default: value, describe });
}

/** The job that a command line asks for. @throws UsageError for the first value that cannot be */
export function pretrainJobOf(args: Arguments): PretrainJobOptions {
  checkFold(args);
  const { cohort, out, overwrite, split = null, fold = null, folds = 5, classes, epochs, seed } = args;
  return {
    cohort,
    out,
    overwrite,
    split,
    folds,
    fold,
    splitSeed: args['split-seed'] ?? 2,
    classes,
    network: convolutionalOf(args, 'pretrain'),
    training: {
      epochs,
      batchSize: args['batch-size'],
      learningRate: args['learning-rate'],
      weightDecay: args['weight-decay'],
      seed,
    },
    checkpointSeconds: args['checkpoint-every'],
    intensity: { scale: args.intensity, smoothing: args.smoothing },
  };
}

function checkFold(args: Arguments): void {
  const { split, fold, folds = 5 } = args;
  const drawn = args.folds !== undefined || args['split-seed'] !== undefined;
  const faults: [bad: boolean, message: string][] = [
    [
      split !== undefined && drawn,
      '--split is a split drawn before; it goes without --folds and --split-seed',
    ],
    [
      split === undefined && fold === undefined && drawn,
      '--folds and --split-seed draw a fold: say which by --fold',
    ],
    [
      fold !== undefined && !isWhole(fold, 0, split === undefined ? folds - 1 : undefined),
      `--fold takes a whole number from 0${split === undefined ? ` to ${folds - 1}` : ''}`,
    ],
  ];
  const fault = faults.find(([bad]) => bad);
  if (fault) throw new UsageError(fault[1], 'pretrain');
}
