import type { CommandModule } from 'yargs';
import { stateText } from '../../masking/mask-state.ts';
import { textTable } from '../../report/text-table.ts';
import { formatDuration } from '../duration.ts';
import { adapterOption, lendGpu } from '../gpu.ts';
import { interruptible } from '../interrupt.ts';
import { type DemoResult, demoDefaults, runDemo } from '../jobs/demo.ts';
import { memoryOption } from '../memory.ts';
import { counts, jsonOption, numberOption, positive, seeds32 } from '../options.ts';
import { Progress } from '../progress.ts';
import { maskWarnings, trainingWarnings } from '../state-text.ts';
import { maskProgress } from './mask-group.ts';
import { trainProgress } from './train.ts';

interface Arguments {
  directory: string;
  participants: number;
  resolution: number;
  seed: number;
  adapter: string | undefined;
  overwrite: boolean;
  json: boolean;
  quiet?: boolean;
}

/** `voxmask demo`: from nothing to the regions that a network used, beside the truth. */
export const demo: CommandModule<object, Arguments> = {
  command: 'demo [directory]',
  describe: 'Simulate a cohort, train a network on it, and show which regions it used',
  builder: (yargs) =>
    yargs
      .positional('directory', {
        type: 'string',
        default: demoDefaults.directory,
        describe: 'Folder for everything the demo makes',
      })
      .options({
        participants: numberOption('participants', {
          range: counts,
          default: demoDefaults.participantsPerClass,
          describe: 'Participants in each of the classes CN and AD',
        }),
        resolution: numberOption('resolution', {
          range: positive,
          default: demoDefaults.resolution,
          describe: 'Voxel size in mm',
        }),
        seed: numberOption('seed', {
          range: seeds32,
          default: demoDefaults.seed,
          describe: 'Start of the random numbers',
        }),
        adapter: adapterOption,
        memory: memoryOption,
        overwrite: { type: 'boolean', default: false, describe: 'Replace an earlier demo in the folder' },
        json: jsonOption,
      })
      .example('$0 demo', 'minutes on two processor cores, seconds on a GPU')
      .example('$0 demo fine --resolution 3', 'finer images, for a GPU'),
  handler: run,
};

async function run(args: Arguments): Promise<void> {
  const { directory, participants: participantsPerClass, resolution, seed, overwrite, quiet = false } = args;
  const simulating = new Progress('Simulating', 2 * participantsPerClass, { quiet });
  const masking = maskProgress(quiet);
  let endTraining = () => {};
  await interruptible((signal) =>
    lendGpu(args.adapter, quiet, async (open) => {
      const result = await runDemo(
        { directory, participantsPerClass, resolution, seed, overwrite },
        {
          open,
          signal,
          onSimulated: (done, total) => {
            simulating.update(done);
            if (done === total) simulating.finish();
          },
          training: (options) => {
            const { hooks, finish } = trainProgress(options, quiet);
            endTraining = finish;
            return hooks;
          },
          onTrained: () => endTraining(),
          masking: masking.hooks,
        },
      ).finally(masking.finish);
      warn(result);
      console.log(args.json ? JSON.stringify(result, null, 2) : asText(result));
    }),
  );
}

function warn({ training: { state, best }, mask }: DemoResult): void {
  const lines = [
    ...trainingWarnings(state, best?.validation.balancedAccuracy ?? Number.NaN),
    ...maskWarnings(mask.state, mask.touchedShare),
  ];
  for (const line of lines) process.stderr.write(`${line}\n`);
  if (lines.length > 0)
    process.stderr.write(
      'The demo is short on purpose; the options named are those of train and mask group.\n',
    );
}

function asText({ cohort, training, mask, seconds, report }: DemoResult): string {
  const planted = new Set(cohort.plantedRegions);
  const regions = mask.regions ?? [];
  const used = textTable(
    ['most used region', { title: 'mean of 1 - m', digits: 3 }, 'atrophy planted here'],
    regions
      .slice(0, 10)
      .map(({ region, density }) => [region.name, density, planted.has(region.name) ? 'yes' : '']),
  );
  const missed = regions.slice(10).filter(({ region }) => planted.has(region.name));
  const results = textTable(
    ['result', 'value'],
    [
      ['balanced accuracy (validation)', training.best?.validation.balancedAccuracy.toFixed(3) ?? 'n/a'],
      [`mean ${mask.className} probability`, mask.probabilities.before.toPrecision(3)],
      ['under the mask', mask.probabilities.after.toPrecision(3)],
      ['state of the mask', stateText(mask.state)],
      ['time', formatDuration(seconds)],
    ],
  );
  const pictures = textTable(
    ['picture', 'shows'],
    [
      [report, 'all of it in one page, for a browser'],
      [mask.paths.mosaic, 'where the mask hides gray matter, over the mean image'],
      [mask.paths.regionsPicture ?? '', 'the most used regions, planted ones marked'],
      [mask.paths.lossesPicture, 'losses of the mask'],
      [training.paths?.curves ?? '', 'losses and accuracy of the network'],
    ],
  );
  const names = missed.map(({ region }) => region.name).join(', ');
  return [used, ...(names ? [`planted, but not among the ten: ${names}`] : []), results, pictures].join(
    '\n\n',
  );
}
