import { objectiveDefaults } from '../../masking/objective.ts';
import { UsageError } from '../fail.ts';
import { adapterOption } from '../gpu.ts';
import { defaultGroupOptions, type MaskGroupOptions } from '../jobs/mask-group.ts';
import type { FitOn } from '../jobs/mask-inputs.ts';
import { memoryOption } from '../memory.ts';
import { counts, jsonOption, notNegative, numberOption, positive, seeds, textOption } from '../options.ts';
import { requireForm } from './mask-form-options.ts';
import { type MaskArguments, number, objectiveOf, objectiveOptions } from './mask-options.ts';

/** The command line of `voxmask mask group`, as yargs reads it. */
export interface Arguments extends MaskArguments {
  model: string;
  cohort: string;
  out: string;
  split: string | undefined;
  independent: boolean;
  'fit-on': FitOn | undefined;
  atlas: string | undefined;
  labels: string | undefined;
  epochs: number | undefined;
  steps: number | undefined;
  'batch-size': number;
  patience: number | undefined;
  'drop-outliers': boolean;
  'checkpoint-every': number;
  adapter: string | undefined;
  overwrite: boolean;
  json: boolean;
  quiet?: boolean;
}

const plain = defaultGroupOptions(false);
const independent = defaultGroupOptions(true);

/** Its options; defaults are docs/method.md's. */
export const maskGroupOptions = {
  model: textOption({
    demandOption: true as const,
    describe: 'Trained network, or the folder of its training',
  }),
  cohort: textOption({ demandOption: true as const, describe: 'Table of the sessions and their images' }),
  out: textOption({ demandOption: true as const, describe: 'Folder for the mask; made if missing' }),
  split: textOption({ describe: "Training's split; split.tsv beside the model by default" }),
  independent: {
    type: 'boolean',
    default: false,
    describe: 'A cohort that the network has not seen: all its images serve',
  },
  'fit-on': {
    choices: ['train', 'train+validation'] as const,
    describe: 'Images to fit on; train by default. The validation set always selects',
  },
  class: textOption({ describe: "Class to hide; the network's last one by default" }),
  atlas: textOption({ describe: 'Atlas on the grid of the images' }),
  labels: textOption({ describe: "Table of the atlas's region names" }),
  ...objectiveOptions(objectiveDefaults),
  'learning-rate': number('learning-rate', plain.learningRate, positive, "Adam's"),
  epochs: numberOption('epochs', {
    range: counts,
    describe: `Epochs at most; ${plain.epochs} by default, ${independent.epochs} if independent`,
  }),
  steps: numberOption('steps', { range: counts, describe: 'Steps at most; no limit by default' }),
  'batch-size': number('batch-size', plain.batchSize, counts, 'Images in a step'),
  patience: numberOption('patience', {
    range: counts,
    describe: `Epochs without progress before the end; ${plain.patience}, or ${independent.patience} if independent`,
  }),
  tolerance: number('tolerance', plain.tolerance, notNegative, 'Relative fall of the loss that is progress'),
  stopping: {
    choices: ['relative', 'literal'] as const,
    default: plain.rule,
    describe: 'Rule of progress (docs/method.md)',
  },
  seed: number('seed', plain.seed, seeds, 'Start of the random order of the images, of shifts and of noise'),
  'drop-outliers': {
    type: 'boolean',
    default: false,
    describe: 'Leave images out whose loss under the mask stands out, and make the mask anew',
  },
  'checkpoint-every': number(
    'checkpoint-every',
    600,
    { least: 0, unit: 'seconds' },
    'Seconds between checkpoints, from which a killed run goes on',
  ),
  adapter: adapterOption,
  memory: memoryOption,
  overwrite: { type: 'boolean', default: false, describe: 'Replace a mask that is there already' },
  json: jsonOption,
} as const;

/**
 * What the job is asked for.
 *
 * @param command whose options they are, for messages
 * @throws UsageError for a value that cannot be, or options that exclude each other
 */
export function jobOf(args: Arguments, command = 'mask group'): MaskGroupOptions {
  const usage = (message: string) => new UsageError(message, command);
  const { atlas, labels } = args;
  if ((atlas === undefined) !== (labels === undefined))
    throw usage('--atlas and --labels are given together');
  if (args.independent && (args.split !== undefined || args['fit-on'] !== undefined)) {
    throw usage('--independent goes without --split and --fit-on: such a cohort has no training set');
  }
  requireForm(args, command, objectiveDefaults);
  const defaults = defaultGroupOptions(args.independent);
  return {
    model: args.model,
    cohort: args.cohort,
    out: args.out,
    overwrite: args.overwrite,
    split: args.split ?? null,
    independent: args.independent,
    fitOn: args['fit-on'] ?? 'train',
    className: args.class ?? null,
    atlas: atlas !== undefined && labels !== undefined ? { image: atlas, labels } : null,
    ...objectiveOf(args, 'group'),
    resample: args.resample,
    dropOutliers: args['drop-outliers'],
    checkpointSeconds: args['checkpoint-every'],
    group: {
      learningRate: args['learning-rate'],
      epochs: args.epochs ?? defaults.epochs,
      maxSteps: args.steps ?? Number.POSITIVE_INFINITY,
      batchSize: args['batch-size'],
      seed: args.seed,
      rule: args.stopping,
      patience: args.patience ?? defaults.patience,
      tolerance: args.tolerance,
    },
  };
}
