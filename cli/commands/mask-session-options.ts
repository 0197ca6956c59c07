import { sessionDefaults, sessionObjectiveDefaults } from '../../masking/session.ts';
import { UsageError } from '../fail.ts';
import { adapterOption } from '../gpu.ts';
import { type EvaluationSet, evaluationSets } from '../jobs/evaluate.ts';
import type { MaskSessionOptions } from '../jobs/mask-session.ts';
import { memoryOption } from '../memory.ts';
import { counts, jsonOption, notNegative, numberOption, positive, seeds, textOption } from '../options.ts';
import { requireForm } from './mask-form-options.ts';
import { type MaskArguments, number, objectiveOf, objectiveOptions } from './mask-options.ts';

/** The command line of `voxmask mask session`, as yargs reads it. */
export interface Arguments extends MaskArguments {
  model: string;
  cohort: string | undefined;
  image: string | undefined;
  out: string;
  split: string | undefined;
  set: EvaluationSet;
  baseline: boolean;
  sessions: string | undefined;
  steps: number;
  patience: number;
  'early-stopping': boolean;
  'batch-size': number | undefined;
  adapter: string | undefined;
  overwrite: boolean;
  json: boolean;
  quiet?: boolean;
}

/** Its options; defaults are docs/method.md's. */
export const maskSessionOptions = {
  model: textOption({ demandOption: true as const, describe: 'Trained network (model.safetensors)' }),
  cohort: textOption({ describe: 'Table of the sessions and their images' }),
  image: textOption({ describe: 'A single image instead of a cohort' }),
  out: textOption({ demandOption: true as const, describe: 'Folder for the masks; made if missing' }),
  split: textOption({ describe: "Training's split; split.tsv beside the model by default" }),
  set: {
    choices: evaluationSets,
    default: 'all' as EvaluationSet,
    describe: 'All of the cohort, or the set of it that validated or trained the network',
  },
  baseline: { type: 'boolean', default: false, describe: 'The first session of each participant only' },
  sessions: textOption({ describe: 'Table of the sessions to take (participant_id, session_id)' }),
  class: textOption({
    describe: "Class to hide, and whose sessions are taken; the network's last one by default",
  }),
  ...objectiveOptions(sessionObjectiveDefaults),
  'learning-rate': number('learning-rate', sessionDefaults.learningRate, positive, "Adam's"),
  steps: number('steps', sessionDefaults.maxSteps, counts, 'Steps at most'),
  patience: number('patience', sessionDefaults.patience, counts, 'Steps without progress before the end'),
  tolerance: number(
    'tolerance',
    sessionDefaults.tolerance,
    notNegative,
    'Relative fall of the loss that is progress',
  ),
  stopping: {
    choices: ['relative', 'literal'] as const,
    default: sessionDefaults.rule,
    describe: 'Rule of progress (docs/method.md)',
  },
  'early-stopping': {
    type: 'boolean',
    default: true,
    describe:
      'Stop without progress and keep the mask of the lowest loss; --no-early-stopping keeps the last',
  },
  seed: number('seed', 0, seeds, 'Start of --shift and --noise'),
  'batch-size': numberOption('batch-size', {
    range: counts,
    describe: 'Sessions at once; by default as many as prove fastest. It does not change the masks',
  }),
  adapter: adapterOption,
  memory: memoryOption,
  overwrite: { type: 'boolean', default: false, describe: 'Make masks anew that are there already' },
  json: jsonOption,
} as const;

/** What the job is asked for. @throws UsageError for a value that cannot be, or options that exclude each other */
export function jobOf(args: Arguments): MaskSessionOptions {
  const usage = (message: string) => new UsageError(message, 'mask session');
  const { cohort, image, steps, patience } = args;
  if ((cohort === undefined) === (image === undefined))
    throw usage('Give either --cohort or --image: the sessions of a table, or a single image');
  if (image !== undefined && (args.set !== 'all' || args.baseline || args.sessions !== undefined))
    throw usage('--set, --baseline and --sessions choose from a cohort: give --cohort with them');
  requireForm(args, 'mask session', sessionObjectiveDefaults);
  return {
    model: args.model,
    from: cohort !== undefined ? { cohort } : { image: image! },
    out: args.out,
    overwrite: args.overwrite,
    split: args.split ?? null,
    set: args.set,
    baseline: args.baseline,
    sessions: args.sessions ?? null,
    className: args.class ?? null,
    ...objectiveOf(args, 'session'),
    resample: args.resample,
    session: {
      learningRate: args['learning-rate'],
      maxSteps: steps,
      rule: args.stopping,
      patience,
      tolerance: args.tolerance,
      earlyStopping: args['early-stopping'],
      batchSize: args['batch-size'] ?? null,
    },
  };
}
