import { areaWeights } from '../../masking/mask-form.ts';
import type { ObjectiveOptions } from '../../masking/objective.ts';
import { UsageError } from '../fail.ts';
import { notNegative, numberOption, positive } from '../options.ts';

/** Other forms of the mask than the paper's (docs/method.md, other forms); without them it has the paper's. */
export interface FormArguments {
  area: number | undefined;
  'area-weight': number | undefined;
  'mask-grid': number | undefined;
  shift: number;
  noise: number;
  seed: number;
}

/** Their options. */
export const formOptions = {
  area: numberOption('area', {
    range: { above: 0, below: 1 },
    describe: 'Share of the voxels that the mask is to hide, in place of --lambda1 and --beta1',
  }),
  'area-weight': numberOption('area-weight', {
    range: positive,
    describe: `Weight of the area in the loss; ${areaWeights.group} by default for a group, ${areaWeights.session} for a session`,
  }),
  'mask-grid': numberOption('mask-grid', {
    range: { whole: true, least: 2, most: 4, unit: 'voxels' },
    describe: 'Voxels from one value of the mask to the next, 2 to 4; between them it is linear',
  }),
  shift: numberOption('shift', {
    range: { whole: true, least: 0, unit: 'voxels' },
    default: 0,
    describe: 'Voxels at most that a masked image is moved by at each step, along each axis',
  }),
  noise: numberOption('noise', {
    range: notNegative,
    default: 0,
    describe: 'Standard deviation of noise that a masked image gets at each step',
  }),
} as const;

/** What of the objective they set, for masks of a group or of sessions. */
export function formOf(args: FormArguments, kind: keyof typeof areaWeights): Partial<ObjectiveOptions> {
  const { area, 'area-weight': weight = areaWeights[kind], 'mask-grid': maskGrid } = args;
  const { shift, noise, seed } = args;
  return {
    ...(area !== undefined && { lambda1: 0, area: { share: area, weight } }),
    ...(maskGrid !== undefined && { maskGrid }),
    ...((shift > 0 || noise > 0) && { perturbation: { shift, noise, seed } }),
  };
}

/** @throws UsageError for options that exclude each other. @param plain the objective's defaults */
export function requireForm(
  args: FormArguments & Pick<ObjectiveOptions, 'lambda1' | 'beta1'>,
  command: string,
  plain: ObjectiveOptions,
): void {
  const usage = (message: string) => new UsageError(message, command);
  const { area, 'area-weight': weight } = args;
  if (area === undefined && weight !== undefined)
    throw usage('--area-weight weighs an area: give --area with it');
  if (area !== undefined) {
    if (args.lambda1 !== plain.lambda1 || args.beta1 !== plain.beta1)
      throw usage('--area takes the place of --lambda1 and --beta1: leave them out, or leave out --area');
  }
}
