import { type ObjectiveOptions, objectiveDefaults } from '../../masking/objective.ts';
import type { StoppingRule } from '../../masking/stopping.ts';
import { UsageError } from '../fail.ts';
import { adapterOption } from '../gpu.ts';
import { defaultGroupOptions, type MaskGroupOptions } from '../jobs/mask-group.ts';
import type { FitOn } from '../jobs/mask-inputs.ts';
import { jsonOption, numberOption, textOption } from '../options.ts';

/** The command line of `voxmask mask group`, as yargs reads it. */
export interface Arguments {
  model: string;
  cohort: string;
  out: string;
  split: string | undefined;
  independent: boolean;
  'fit-on': FitOn | undefined;
  class: string | undefined;
  atlas: string | undefined;
  labels: string | undefined;
  lambda1: number;
  lambda2: number;
  beta1: number;
  beta2: number;
  reduction: ObjectiveOptions['reduction'];
  score: ObjectiveOptions['score'];
  mu: string;
  resample: boolean;
  'learning-rate': number;
  epochs: number | undefined;
  steps: number | undefined;
  'batch-size': number;
  patience: number | undefined;
  tolerance: number;
  stopping: StoppingRule;
  seed: number;
  adapter: string | undefined;
  overwrite: boolean;
  json: boolean;
  quiet?: boolean;
}

const plain = defaultGroupOptions(false);
const independent = defaultGroupOptions(true);

/** Its options; defaults are docs/method.md's. */
export const maskGroupOptions = {
  model: textOption({ demandOption: true as const, describe: 'Trained network (model.safetensors)' }),
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
  lambda1: number('lambda1', objectiveDefaults.lambda1, "Weight of the mask's size"),
  lambda2: number('lambda2', objectiveDefaults.lambda2, "Weight of the mask's variation"),
  beta1: number('beta1', objectiveDefaults.beta1, 'Power in the size'),
  beta2: number('beta2', objectiveDefaults.beta2, 'Power in the variation'),
  reduction: {
    choices: ['mean', 'sum'] as const,
    default: objectiveDefaults.reduction,
    describe: 'Size and variation as mean or sum over voxels',
  },
  score: {
    choices: ['probability', 'logProbability', 'logit'] as const,
    default: objectiveDefaults.score,
    describe: "What of the class's output is pushed down",
  },
  mu: textOption({ default: '1', describe: 'What a hidden voxel becomes: a number or a volume' }),
  resample: {
    type: 'boolean',
    default: false,
    describe: "Bring an atlas (nearest) or mu (trilinear) of another grid onto the images' one",
  },
  'learning-rate': number('learning-rate', plain.learningRate, "Adam's"),
  epochs: numberOption('epochs', {
    describe: `Epochs at most; ${plain.epochs} by default, ${independent.epochs} if independent`,
  }),
  steps: numberOption('steps', { describe: 'Steps at most; no limit by default' }),
  'batch-size': number('batch-size', plain.batchSize, 'Images in a step'),
  patience: numberOption('patience', {
    describe: `Epochs without progress before the end; ${plain.patience}, or ${independent.patience} if independent`,
  }),
  tolerance: number('tolerance', plain.tolerance, 'Relative fall of the loss that is progress'),
  stopping: {
    choices: ['relative', 'literal'] as const,
    default: plain.rule,
    describe: 'Rule of progress (docs/method.md)',
  },
  seed: number('seed', plain.seed, 'Start of the random order of the images'),
  adapter: adapterOption,
  overwrite: { type: 'boolean', default: false, describe: 'Replace a mask that is there already' },
  json: jsonOption,
} as const;

function number(name: string, value: number, describe: string) {
  return numberOption(name, { default: value, describe });
}

/** What the job is asked for. @throws UsageError for a value that cannot be, or options that exclude each other */
export function jobOf(args: Arguments): MaskGroupOptions {
  const usage = (message: string) => new UsageError(message, 'mask group');
  const { atlas, labels } = args;
  if ((atlas === undefined) !== (labels === undefined))
    throw usage('--atlas and --labels are given together');
  if (args.independent && (args.split !== undefined || args['fit-on'] !== undefined)) {
    throw usage('--independent goes without --split and --fit-on: such a cohort has no training set');
  }
  for (const name of ['epochs', 'steps', 'batch-size', 'patience'] as const) {
    const value = args[name];
    if (value !== undefined && !(Number.isInteger(value) && value >= 1))
      throw usage(`--${name} takes a whole number from 1`);
  }
  for (const name of ['lambda1', 'lambda2', 'tolerance'] as const)
    if (args[name] < 0) throw usage(`--${name} takes a number from 0`);
  for (const name of ['beta1', 'beta2', 'learning-rate'] as const)
    if (args[name] <= 0) throw usage(`--${name} takes a number above 0`);
  if (!Number.isSafeInteger(args.seed) || args.seed < 0) throw usage('--seed takes a whole number from 0');
  const defaults = defaultGroupOptions(args.independent);
  const { lambda1, lambda2, beta1, beta2, reduction, score } = args;
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
    objective: { lambda1, lambda2, beta1, beta2, reduction, score },
    mu: args.mu.trim() !== '' && Number.isFinite(Number(args.mu)) ? Number(args.mu) : args.mu,
    resample: args.resample,
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
