import { type ObjectiveOptions, objectiveDefaults } from '../../masking/objective.ts';
import type { StoppingRule } from '../../masking/stopping.ts';
import { notNegative, numberOption, positive, type Range, textOption } from '../options.ts';
import { type FormArguments, formOf, formOptions } from './mask-form-options.ts';

/** What the command lines of all masks have in common. */
export interface MaskArguments extends FormArguments {
  class: string | undefined;
  lambda1: number;
  lambda2: number;
  beta1: number;
  beta2: number;
  reduction: ObjectiveOptions['reduction'];
  score: ObjectiveOptions['score'];
  mu: string;
  resample: boolean;
  'learning-rate': number;
  tolerance: number;
  stopping: StoppingRule;
}

/** A number with a default. */
export function number(name: string, value: number, range: Range, describe: string) {
  return numberOption(name, { range, default: value, describe });
}

/** The options of equation 2 and what it acts on. */
export function objectiveOptions(defaults: ObjectiveOptions) {
  return {
    lambda1: number('lambda1', defaults.lambda1, notNegative, "Weight of the mask's size"),
    lambda2: number('lambda2', defaults.lambda2, notNegative, "Weight of the mask's variation"),
    beta1: number('beta1', defaults.beta1, positive, 'Power in the size'),
    beta2: number('beta2', defaults.beta2, positive, 'Power in the variation'),
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
    ...formOptions,
    mu: textOption({
      default: '1',
      describe: 'What a hidden voxel becomes: a number, a volume, cn-mean, or per-session (column mu_path)',
    }),
    resample: {
      type: 'boolean',
      default: false,
      describe: "Bring an atlas (nearest) or mu (trilinear) of another grid onto the images' one",
    },
  } as const;
}

/** The objective asked for, and mu, for masks of a group or of sessions. */
export function objectiveOf(args: MaskArguments, kind: 'group' | 'session') {
  const { lambda1, lambda2, beta1, beta2, reduction, score, mu } = args;
  return {
    objective: { lambda1, lambda2, beta1, beta2, reduction, score, ...formOf(args, kind) },
    mu: mu.trim() !== '' && Number.isFinite(Number(mu)) ? Number(mu) : mu,
  };
}
