import type { CommandModule } from 'yargs';
import { stateText } from '../../masking/mask-state.ts';
import { textTable } from '../../report/text-table.ts';
import { UsageError } from '../fail.ts';
import { adapterOption, lendGpu } from '../gpu.ts';
import { interruptible } from '../interrupt.ts';
import { type ValidateOptions, type ValidateResult, validate } from '../jobs/validate.ts';
import { memoryOption } from '../memory.ts';
import { jsonOption, listOption, numberOption, seeds, textOption } from '../options.ts';
import { Progress } from '../progress.ts';
import { atlasOf, muOf, sourceOptions } from './source-options.ts';

interface Arguments {
  maps: string[];
  model: string;
  cohort: string;
  out: string;
  truth: string | undefined;
  shares: string[] | undefined;
  split: string | undefined;
  independent: boolean;
  class: string | undefined;
  atlas: string | undefined;
  labels: string | undefined;
  mu: string;
  resample: boolean;
  seed: number;
  adapter: string | undefined;
  overwrite: boolean;
  json: boolean;
  quiet?: boolean;
}

const defaultShares = [0, 0.25, 0.5, 1, 2, 3, 5, 7.5, 10, 15, 20, 30];

/** `voxmask validate`: do masks and other maps show what the network needs, and what was planted? */
export const validateCommand: CommandModule<object, Arguments> = {
  command: 'validate <maps..>',
  describe: 'Compare maps of a network by deletion curves, and with the planted truth',
  builder: (yargs) =>
    yargs
      .positional('maps', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'Masks, or folders of "mask" and "explain", each as PLACE or NAME=PLACE',
      })
      .options({
        ...sourceOptions,
        cohort: textOption({ demandOption: true, describe: 'Table of the sessions and their images' }),
        out: textOption({ demandOption: true, describe: 'Folder for tables and pictures; made if missing' }),
        truth: textOption({ describe: "A simulated cohort's truth.json; with --atlas and --labels" }),
        shares: listOption({
          describe: `What is deleted, in percent of the brain; ${defaultShares.join(',')} by default`,
        }),
        seed: numberOption('seed', { range: seeds, default: 0, describe: 'Start of the random orders' }),
        adapter: adapterOption,
        memory: memoryOption,
        overwrite: { type: 'boolean', default: false, describe: 'Replace results that are there already' },
        json: jsonOption,
      })
      .example('$0 validate mask maps/* --model trained --cohort cohort.tsv --out validated', '')
      .example('$0 validate ... --truth truth.json --atlas atlas.nii.gz --labels atlas.tsv', ''),
  handler: run,
};

async function run(args: Arguments): Promise<void> {
  const options = jobOf(args);
  const { quiet = false } = args;
  let bar: Progress | undefined;
  const result = await interruptible((signal) =>
    lendGpu(args.adapter, quiet, (open) =>
      validate(options, {
        open,
        signal,
        onPoint: (done, total) => {
          bar ??= new Progress('Deleting', total, { quiet });
          bar.update(done);
        },
      }).finally(() => bar?.finish()),
    ),
  );
  console.log(args.json ? JSON.stringify(result, null, 2) : asText(result));
}

function jobOf(args: Arguments): ValidateOptions {
  const usage = (message: string) => new UsageError(message, 'validate');
  const shares = args.shares?.map(Number) ?? defaultShares;
  const rising = shares.every((share, i) => share >= 0 && share <= 100 && (i === 0 || share > shares[i - 1]));
  if (!rising || shares.length === 0) throw usage('--shares takes rising numbers from 0 to 100');
  if (args.independent && args.split !== undefined) throw usage('--independent goes without --split');
  return {
    maps: args.maps,
    model: args.model,
    cohort: args.cohort,
    split: args.split ?? null,
    independent: args.independent,
    className: args.class ?? null,
    atlas: atlasOf(args, 'validate'),
    mu: muOf(args.mu),
    resample: args.resample,
    truth: args.truth ?? null,
    shares,
    seed: args.seed,
    out: args.out,
    overwrite: args.overwrite,
  };
}

function asText({ className, images, measured, paths }: ValidateResult): string {
  const truth = measured.some(({ overlap }) => overlap);
  const columns = ['average precision', 'at size', 'precision', 'recall'];
  const table = textTable(
    [
      'map',
      { title: 'area under deletion', digits: 3 },
      ...(truth ? columns : []).map((title) => ({ title, digits: 3 })),
      'state',
    ],
    measured.map(({ name, curve, overlap, state }) => [
      name,
      curve.area,
      ...(truth ? [overlap?.averagePrecision, overlap?.atSize, overlap?.precision, overlap?.recall] : []),
      state ? stateText(state) : '',
    ]),
  );
  const written = textTable(
    ['written', 'holds'],
    [
      [paths.table, 'this table, whole'],
      [paths.deletion, `mean ${className} probability of ${images.used} images at every share`],
      [paths.deletionPicture, 'the same as curves; lower is better'],
      [paths.maps, 'the maps side by side'],
      [paths.sidecar, 'options, versions, adapter and times of this run'],
    ],
  );
  return [table, written].join('\n\n');
}
