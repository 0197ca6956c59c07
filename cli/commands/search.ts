import type { CommandModule } from 'yargs';
import { InputError } from '../../cohort/error.ts';
import { fixedKeys, type SearchSpace } from '../../model/search-space.ts';
import { overlay, type Settings, settingsDefaults } from '../../model/settings.ts';
import { textTable } from '../../report/text-table.ts';
import { UsageError } from '../fail.ts';
import { lendGpu } from '../gpu.ts';
import { interruptible } from '../interrupt.ts';
import { type SearchHooks, type SearchOptions, type SearchResult, searchNetworks } from '../jobs/search.ts';
import { readSpace } from '../jobs/search-config.ts';
import { counts, numberOption, textOption } from '../options.ts';
import { Progress } from '../progress.ts';
import { configurationOf, type SettingsArguments, settingsOptions } from './settings-options.ts';
import { type DataArguments, dataOf, dataOptions, foldsOf } from './train-options.ts';

interface Arguments extends DataArguments, SettingsArguments {
  space: string | undefined;
  samples: number;
  'gpu-memory': number | undefined;
}

/** What a space can draw has no default in the help: without the option the space decides. */
const fixing = Object.fromEntries(
  Object.entries(settingsOptions).map(([key, option]) => {
    if (fixedKeys.some((fixed) => fixed === key)) return [key, option];
    const { defaultDescription: _, ...rest } = option;
    return [key, { ...rest, group: 'Fixed, in place of what the space says:' }];
  }),
);

/** `voxmask search`: the network and its training by random search. */
export const search: CommandModule<object, Arguments> = {
  command: 'search <cohort>',
  describe: 'Draw networks and trainings at random, and find the best on the validation set',
  builder: (yargs) =>
    yargs
      .positional('cohort', {
        type: 'string',
        demandOption: true,
        describe: 'Table of the sessions and their images (TSV)',
      })
      .options({
        space: textOption({
          describe: "What is drawn, in YAML (docs/formats.md); the paper's space when not given",
        }),
        samples: numberOption('samples', { range: counts, default: 20, describe: 'Networks to train' }),
        ...dataOptions,
        fold: textOption({ default: '0', describe: 'Part that validates, from 0; the others train' }),
        'gpu-memory': numberOption('gpu-memory', {
          range: { above: 0, unit: 'GiB' },
          describe:
            "GiB of GPU memory that a training may take  [default: half of the machine's on a software adapter, else 8]",
        }),
        ...fixing,
        seed: {
          ...settingsOptions.seed,
          describe: 'Start of the random numbers: of the samples, and of each training',
        },
      })
      .example('$0 search cohort.tsv --samples 50 --out search', "the paper's space, the first of five folds")
      .example(
        '$0 search cohort.tsv --space space.yaml --epochs 10 --out search',
        'another, each at most 10 epochs',
      )
      .example(
        '$0 train cohort.tsv --config search/best.yaml --fold 0..4 --out trained',
        'the best one on all folds',
      ) as never,
  handler: run,
};

/** The job that a command line asks for. @throws UsageError or InputError for what cannot be */
function searchOf(args: Arguments): SearchOptions {
  const fixed = configurationOf(args, 'search');
  const data = dataOf(args, 'search');
  if (foldsOf(args, 'search').length > 1)
    throw new UsageError('a search is on one fold: --fold takes one number', 'search');
  const memory = args['gpu-memory'];
  const space = overlay<SearchSpace>(readSpace(args.space ?? null), fixed);
  return { ...data, space, samples: args.samples, memory: memory === undefined ? null : memory * 2 ** 30 };
}

async function run(args: Arguments): Promise<void> {
  const options = searchOf(args);
  const { quiet = false, json } = args;
  await interruptible((signal) =>
    lendGpu(args.adapter, quiet, async (open) => {
      const { hooks, finish } = searchProgress(options, quiet);
      const result = await searchNetworks(options, { open, signal, ...hooks }).finally(finish);
      if (json) console.log(JSON.stringify(result, null, 2));
      else if (result.ranked.length > 0) console.log(asText(result));
      if (result.interrupted) process.stderr.write('Stopped. Run the same command again to go on.\n');
      else if (!result.paths.best)
        throw new InputError(options.out, 'every sample has failed', 'Lower the learning rates of the space');
    }),
  );
}

/** One bar over the images of all samples and epochs, and a line for each sample. */
function searchProgress({ samples, space }: SearchOptions, quiet: boolean) {
  const epochs = space.epochs ?? settingsDefaults.epochs;
  let progress: Progress | undefined;
  let images = 0;
  let done = 0;
  const hooks: Omit<SearchHooks, 'open' | 'signal'> = {
    onSplit: (sessions) => {
      images = sessions * epochs;
      progress = new Progress('Search', samples * images, { quiet });
    },
    onStep: ({ epoch, step, steps, loss }) => {
      const share = (epoch - 1 + step / steps) / epochs;
      const note = `sample ${done + 1} of ${samples}, epoch ${epoch}, loss ${loss.toFixed(3)}`;
      progress?.update(Math.round((done + share) * images), note);
    },
    onResult: ({ sample, settings, best, epochs: trained, failure }, known) => {
      done++;
      progress?.skip(done * images); // after fewer epochs than there may be, or in an earlier run
      const came = best
        ? `balanced accuracy ${best.validation.balancedAccuracy.toFixed(3)}, epoch ${best.epoch} of ${trained}`
        : `failed, ${failure}`;
      progress?.log(`sample ${sample}: ${came}${known ? ' (before)' : ''}; ${networkText(settings)}`);
    },
  };
  return { hooks, finish: () => progress?.finish('') };
}

/** As "8-16-32, sub-blocks 1-2-1, stride, 2 fully connected". */
function networkText({ channels, reduction, ...settings }: Settings): string {
  const layers = settings['fc-layers'] === 1 ? '' : `, ${settings['fc-layers']} fully connected`;
  return `${channels.join('-')}, sub-blocks ${settings['sub-blocks'].join('-')}, ${reduction}${layers}`;
}

function asText({ ranked, rejected, paths }: SearchResult): string {
  const table = textTable(
    [
      'rank',
      'sample',
      { title: 'balanced accuracy', digits: 3 },
      { title: 'loss', digits: 3 },
      'kept epoch',
      'network',
      'dropout',
      'learning rate',
      'weight decay',
      'batch',
      'images',
    ],
    ranked.map(({ sample, settings, best, epochs }, i) => [
      best ? i + 1 : 'failed',
      sample,
      best?.validation.balancedAccuracy ?? null,
      best?.validation.loss ?? null,
      best ? `${best.epoch} of ${epochs}` : '',
      networkText(settings),
      String(settings.dropout),
      String(settings['learning-rate']),
      String(settings['weight-decay']),
      settings['batch-size'],
      imagesText(settings),
    ]),
  );
  const failures = ranked.flatMap(({ sample, failure }) =>
    failure ? [`Sample ${sample} failed: ${failure}.`] : [],
  );
  const refused = textTable(
    ['for sample', 'rejected', 'because'],
    rejected.map(({ sample, settings, reason }) => [sample, networkText(settings), reason]),
  );
  const written = textTable(
    ['written', 'holds'],
    [
      ...(paths.best ? [[paths.best, 'the best configuration, for "voxmask train --config"']] : []),
      [paths.table, 'every sample, best first'],
      [paths.rejected, 'networks that were drawn and not trained'],
    ],
  );
  return [
    table,
    ...(failures.length > 0 ? [failures.join('\n')] : []),
    ...(rejected.length > 0 ? [refused] : []),
    written,
  ].join('\n\n');
}

function imagesText({ intensity, smoothing }: Settings): string {
  const words = [...(smoothing > 0 ? [`${smoothing} mm`] : []), ...(intensity === 'none' ? [] : [intensity])];
  return words.join(' ') || 'as they are';
}
