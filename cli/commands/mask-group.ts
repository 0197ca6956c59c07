import type { CommandModule } from 'yargs';
import { listed } from '../../cohort/listed.ts';
import { stateText } from '../../masking/mask-state.ts';
import { THRESHOLD } from '../../masking/threshold.ts';
import { textTable } from '../../report/text-table.ts';
import { lendGpu } from '../gpu.ts';
import { interruptible } from '../interrupt.ts';
import { type MaskGroupHooks, type MaskGroupResult, maskGroup } from '../jobs/mask-group.ts';
import { Progress } from '../progress.ts';
import { chanceWarning, maskWarnings } from '../state-text.ts';
import { type Arguments, jobOf, maskGroupOptions } from './mask-group-options.ts';

/** `voxmask mask group`: one mask for all images of a class. */
export const maskGroupCommand: CommandModule<object, Arguments> = {
  command: 'group',
  describe: 'One mask for all images of a class that the network classifies correctly',
  builder: (yargs) =>
    yargs
      .options(maskGroupOptions)
      .example('$0 mask group --model trained --cohort cohort.tsv --out mask', '')
      .example('$0 mask group ... --atlas atlas.nii.gz --labels atlas.tsv', 'and its regions')
      .example('$0 mask group ... --independent --cohort other.tsv', 'on a second cohort'),
  handler: run,
};

async function run(args: Arguments): Promise<void> {
  const options = jobOf(args);
  const { quiet = false } = args;
  await interruptible((signal) =>
    lendGpu(args.adapter, quiet, async (open) => {
      const { hooks, finish } = maskProgress(quiet);
      const result = await maskGroup(options, { open, signal, ...hooks }).finally(finish);
      warn(result);
      console.log(args.json ? JSON.stringify(result, null, 2) : asText(result));
    }),
  );
}

/** One bar while the network classifies, another over the steps. */
export function maskProgress(quiet: boolean) {
  let classifying: Progress | undefined;
  let masking: Progress | undefined;
  let validation = '';
  const hooks: Pick<MaskGroupHooks, 'onClassified' | 'onStep' | 'onEpoch'> = {
    onClassified: (done, total) => {
      classifying ??= new Progress('Classifying', total, { quiet });
      classifying.update(done);
      if (done === total) classifying.finish();
    },
    onStep: (steps, total, loss) => {
      masking ??= new Progress('Masking', total, { quiet });
      masking.update(steps, `loss ${loss.total.toPrecision(3)}${validation}`);
    },
    onEpoch: ({ validation: loss }) => {
      validation = `, validation ${loss.total.toPrecision(3)}`;
    },
  };
  const outliers: Pick<MaskGroupHooks, 'onOutliers'> = {
    onOutliers: (dropped) => masking?.log(`Starting again without ${dropped.length} outliers`),
  };
  const finish = () => {
    classifying?.finish();
    masking?.finish();
  };
  return { hooks: { ...hooks, ...outliers }, finish };
}

function warn({ interrupted, steps, paths, probabilities, ...result }: MaskGroupResult): void {
  const { className, outliers, dropped, finishedBefore, state, touchedShare, networkChance } = result;
  if (finishedBefore) process.stderr.write(`Finished before; not made again: ${paths.mask}\n`);
  const named = (sessions: readonly string[]) => listed(sessions, ', ', 5);
  if (dropped.length > 0) process.stderr.write(`Left out as outliers: ${named(dropped)}\n`);
  if (outliers && outliers.length > 0)
    process.stderr.write(
      `Images whose loss under the mask stands out: ${named(outliers)} (see ${paths.outliers}; --drop-outliers leaves them out)\n`,
    );
  if (probabilities.after >= probabilities.before)
    process.stderr.write(
      `The mask does not lower the ${className} probability. ` +
        'Try more epochs and --patience, a smaller --lambda1, another --mu, or --score logProbability.\n',
    );
  const atChance = chanceWarning(networkChance);
  for (const line of [...maskWarnings(state, touchedShare), ...(atChance ? [atChance] : [])])
    process.stderr.write(`${line}\n`);
  if (interrupted)
    process.stderr.write(
      `Stopped after ${steps} steps; saved the best mask: ${paths.mask}. The same command goes on\n`,
    );
}

function asText(result: MaskGroupResult): string {
  const { className, fit, select, probabilities, best, regions, paths } = result;
  const summary = textTable(
    ['group mask', className],
    [
      ['images fitted on', `${fit.used} of ${fit.of}: those classified correctly`],
      ['images selected on', `${select.used} of ${select.of}`],
      ['steps', `${result.steps} in ${result.epochs} epochs; kept: epoch ${best.epoch}`],
      [`mean ${className} probability`, probabilities.before.toPrecision(3)],
      ['under the mask', probabilities.after.toPrecision(3)],
      [`voxels at or below ${THRESHOLD}`, `${(100 * result.touchedShare).toFixed(2)} %`],
      ['state', stateText(result.state)],
    ],
  );
  const top =
    regions &&
    textTable(
      ['region', { title: 'mean of 1 - m', digits: 4 }, { title: 'sum', digits: 1 }],
      regions.slice(0, 5).map(({ region, density, sum }) => [region.name, density, sum]),
    );
  const written = textTable(
    ['written', 'holds'],
    [
      [paths.mask, 'the mask m; 1 leaves a voxel as it is'],
      [paths.thresholded, `the same, values above ${THRESHOLD} set to 1`],
      [paths.mosaic, 'the mask over the mean of the fitted images'],
      [paths.losses, 'losses of every epoch'],
      [paths.lossesPicture, 'the same as curves'],
      ...(paths.outliers ? [[paths.outliers, 'the loss of every fitted image under the mask']] : []),
      ...(paths.regions && paths.regionsPicture
        ? [
            [paths.regions, 'how much of each region is hidden'],
            [paths.regionsPicture, 'the same as bars'],
          ]
        : []),
      [paths.sidecar, 'options, versions, adapter and times of this run'],
    ],
  );
  return [summary, ...(top ? [top] : []), written].join('\n\n');
}
