import type { CommandModule } from 'yargs';
import { type Axis, axes, type GridStage } from '../../masking/grid.ts';
import { marksOf, stateText } from '../../masking/mask-state.ts';
import { objectiveDefaults } from '../../masking/objective.ts';
import { type RegionMeasure, regionMeasures } from '../../masking/similarity.ts';
import { textTable } from '../../report/text-table.ts';
import { UsageError } from '../fail.ts';
import { lendGpu } from '../gpu.ts';
import { interruptible } from '../interrupt.ts';
import { type GridResult, type LineSimilarity, maskGrid } from '../jobs/grid.ts';
import { readStages } from '../jobs/grid-config.ts';
import { Progress } from '../progress.ts';
import { chanceWarning, countedMasks } from '../state-text.ts';
import { jobOf, type Arguments as MaskArguments, maskGroupOptions } from './mask-group-options.ts';

interface Arguments extends MaskArguments {
  grid: string | undefined;
  measure: RegionMeasure;
}

/** `voxmask grid`: masks over the options of equation 2. */
export const grid: CommandModule<object, Arguments> = {
  command: 'grid [grid]',
  describe: "Group masks for every combination of the objective's weights and powers, and how alike they are",
  builder: (yargs) =>
    yargs
      .positional('grid', {
        type: 'string',
        describe: "Grid in YAML (docs/formats.md); the paper's when not given",
      })
      .options({
        ...maskGroupOptions,
        measure: {
          choices: regionMeasures,
          default: 'density' as RegionMeasure,
          describe: 'What of each region is compared: the mean of 1 - m, or the sum',
        },
      })
      .example('$0 grid --model trained --cohort cohort.tsv --atlas a.nii.gz --labels a.tsv --out grid', '')
      .example('$0 grid grid.yaml ...', 'another grid') as never,
  handler: run,
};

async function run(args: Arguments): Promise<void> {
  const { quiet = false, json, measure } = args;
  const { atlas, ...options } = jobOf(args, 'grid');
  if (!atlas) throw new UsageError('masks are compared over regions: give --atlas and --labels', 'grid');
  const stages = readStages(args.grid ?? null);
  requireFree(args, stages);
  await interruptible((signal) =>
    lendGpu(args.adapter, quiet, async (open) => {
      const { hooks, finish } = gridProgress(quiet);
      const result = await maskGrid(
        { ...options, atlas, stages, measure },
        { open, signal, ...hooks },
      ).finally(finish);
      if (!result) process.stderr.write('Stopped. Run the same command again to go on.\n');
      else warn(result);
      if (result) console.log(json ? JSON.stringify(result, null, 2) : asText(result));
    }),
  );
}

/**
 * The command line gives what the stages leave open.
 *
 * @throws UsageError for an option that every stage sets, which would be of no effect; or an area beside what it replaces
 */
function requireFree(args: Arguments, stages: readonly GridStage[]): void {
  const sets = ({ fixed, vary }: GridStage, axis: Axis) => axis in fixed || vary[axis] !== undefined;
  for (const axis of axes) {
    const given = args[axis] !== objectiveDefaults[axis];
    if (given && stages.every((stage) => sets(stage, axis)))
      throw new UsageError(`--${axis} has no effect: every stage of the grid sets ${axis}`, 'grid');
  }
  if (args.area === undefined) return;
  for (const stage of stages)
    for (const axis of ['lambda1', 'beta1'] as const)
      if (sets(stage, axis))
        throw new UsageError(
          `--area takes the place of lambda1 and beta1, but stage ${stage.name} of the grid sets ${axis}: ` +
            'give a grid over lambda2 and beta2, or leave out --area',
          'grid',
        );
}

function warn({ points, paths }: GridResult): void {
  const states = points.map(({ point, result: { state } }) => ({ name: point.name, state }));
  const counted = countedMasks(states, `${paths.points} tells which`);
  const atChance = chanceWarning(points[0]?.result.networkChance ?? null);
  for (const line of [counted, atChance]) if (line) process.stderr.write(`${line}\n`);
}

/** One bar over the masks, with what the one under way is at. */
function gridProgress(quiet: boolean) {
  let bar: Progress | undefined;
  let at = { name: '', done: 0 };
  const hooks: Pick<Parameters<typeof maskGrid>[1], 'onPoint' | 'onStep'> = {
    onPoint: ({ stage, name }, done, of) => {
      bar ??= new Progress('Masks', of, { quiet });
      at = { name: `${stage} ${name}`, done };
      bar.update(done, at.name);
    },
    onStep: (steps, _total, loss) =>
      bar?.update(at.done, `${at.name}, step ${steps}, loss ${loss.total.toPrecision(3)}`),
  };
  return { hooks, finish: () => bar?.finish('') };
}

function asText({ points, lines, paths }: GridResult): string {
  const table = textTable(
    [
      'stage',
      'mask',
      'learning rate',
      'steps',
      { title: 'loss', digits: 4 },
      { title: 'probability', digits: 4 },
      'touched',
      'state',
      'top regions',
    ],
    points.map(({ point, result, learningRate, fellBack, diverged }) => [
      point.stage,
      point.name.replaceAll('_', ' ').replaceAll('-', ' '),
      `${learningRate}${diverged ? ', diverged' : fellBack ? ', after divergence' : ''}`,
      result.steps,
      result.best.validation.total,
      result.probabilities.after,
      `${(100 * result.touchedShare).toFixed(1)} %`,
      stateText(result.state),
      (result.regions ?? [])
        .slice(0, 3)
        .map(({ region }) => region.name)
        .join(' '),
    ]),
  );
  const written = textTable(
    ['written', 'holds'],
    [
      [paths.points, 'every mask, its options and what it does'],
      ...paths.similarities.map((file) => [file, 'ROI similarity along one option']),
      ...paths.pictures.map((file) => [file, 'the masks side by side']),
    ],
  );
  return [table, ...lines.map(similarityTable), written].join('\n\n');
}

/** As the paper's tables 2 and 3. */
function similarityTable({ stage, axis, at, values, states, similarity }: LineSimilarity): string {
  const rest = Object.entries(at).map(([name, value]) => `${name} = ${value}`);
  const title = `${stage}: ROI similarity over ${axis}${rest.length > 0 ? `, ${rest.join(', ')}` : ''}`;
  const table = textTable(
    [axis, ...values.map((value) => ({ title: String(value), digits: 2 }))],
    values.map((value, i) => [
      [value, ...marksOf(states[i])].join(', '),
      ...similarity[i].map((one, j) => (i === j ? '' : (one ?? 'empty mask'))),
    ]),
  );
  return `${title}\n${table}`;
}
