import type { CommandModule } from 'yargs';
import { listed } from '../../cohort/listed.ts';
import { type RegionMeasure, regionMeasures } from '../../masking/similarity.ts';
import { adapterOption, lendGpu } from '../gpu.ts';
import { interruptible } from '../interrupt.ts';
import { type CompareOptions, type CompareResult, compareMasks } from '../jobs/compare.ts';
import { memoryOption } from '../memory.ts';
import { counts, jsonOption, numberOption, seeds, textOption } from '../options.ts';
import { Progress } from '../progress.ts';
import { countedMasks } from '../state-text.ts';
import { type AtlasArguments, atlasChoice, atlasOptions } from './atlas-options.ts';
import { comparisonText } from './compare-text.ts';

interface Arguments extends AtlasArguments {
  masks: string[];
  out: string;
  measure: RegionMeasure;
  top: number;
  'prob-cnn': boolean | undefined;
  model: string | undefined;
  class: string | undefined;
  mu: string | undefined;
  images: string | undefined;
  seed: number;
  adapter: string | undefined;
  overwrite: boolean;
  json: boolean;
  quiet?: boolean;
}

/** `voxmask compare`: how alike masks are. */
export const compare: CommandModule<object, Arguments> = {
  command: 'compare <masks..>',
  describe: 'How alike masks are: by regions, by what networks see, over sessions, folds, runs and cohorts',
  builder: (yargs) =>
    yargs
      .positional('masks', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'Masks (NIfTI), folders of masks, or tables of masks (docs/formats.md)',
      })
      .options({
        ...atlasOptions,
        out: textOption({ demandOption: true, describe: 'Folder for tables and pictures; made if missing' }),
        measure: {
          choices: regionMeasures,
          default: 'density' as RegionMeasure,
          describe: 'What of each region is compared: the mean of 1 - m, or the sum',
        },
        top: numberOption('top', {
          range: counts,
          default: 5,
          describe: 'Regions listed and counted of each mask',
        }),
        'prob-cnn': {
          type: 'boolean',
          describe:
            "Show every network every mask; by default where all masks' networks and images are known",
        },
        model: textOption({ describe: "One network for all masks; by default each mask's own" }),
        class: textOption({ describe: "Class that the masks hide; by default each mask's own" }),
        mu: textOption({
          describe:
            "What a hidden voxel becomes: a number, a volume, or per-session (column mu_path); by default each mask's own, else 1",
        }),
        images: textOption({ describe: "Cohort table whose images are masked; by default each mask's own" }),
        seed: numberOption('seed', {
          range: seeds,
          default: 0,
          describe: 'Start of the random numbers of the intervals',
        }),
        adapter: adapterOption,
        memory: memoryOption,
        overwrite: { type: 'boolean', default: false, describe: 'Replace a comparison that is there' },
        json: jsonOption,
      })
      .example('$0 compare masks/ --atlas aal2.nii.gz --labels aal2.tsv --out compared', 'folds, runs')
      .example('$0 compare masks.tsv --atlas aal2.nii.gz --labels aal2.tsv --out compared', 'a table'),
  handler: run,
};

async function run(args: Arguments): Promise<void> {
  const options = jobOf(args);
  const { quiet = false } = args;
  await interruptible((signal) =>
    lendGpu(args.adapter, quiet, async (open) => {
      let bar: Progress | undefined;
      const result = await compareMasks(options, {
        open,
        signal,
        onProbed: (done, of) => {
          bar ??= new Progress('Masks shown to networks', of, { quiet });
          bar.update(done);
        },
      }).finally(() => bar?.finish());
      if (!quiet) tell(result);
      console.log(args.json ? JSON.stringify(result, null, 2) : comparisonText(result));
    }),
  );
}

function jobOf(args: Arguments): CompareOptions {
  const { mu } = args;
  return {
    masks: args.masks,
    atlas: atlasChoice(args),
    measure: args.measure,
    raw: args.raw,
    occlusion: args.occlusion,
    top: args.top,
    probCnn: args['prob-cnn'] ?? null,
    model: args.model ?? null,
    className: args.class ?? null,
    mu: mu === undefined ? null : mu.trim() !== '' && Number.isFinite(Number(mu)) ? Number(mu) : mu,
    images: args.images ?? null,
    seed: args.seed,
    out: args.out,
    overwrite: args.overwrite,
  };
}

function tell({ mended, withoutProbCnn, masks, similarity, paths }: CompareResult): void {
  for (const note of mended) process.stderr.write(`Label table: ${note}.\n`);
  if (withoutProbCnn.length > 0)
    process.stderr.write(
      `probCNN is left out (give --model and --images):${listed(withoutProbCnn, '\n  ')}\n`,
    );
  const counted = countedMasks(masks, `${paths.masks} tells which`);
  if (counted) process.stderr.write(`${counted}\n`);
  const empty = masks.filter((_, i) => similarity[i][i] === null).map(({ name }) => name);
  if (empty.length > 0)
    process.stderr.write(`Empty masks, whose ROI similarity is not defined: ${listed(empty)}\n`);
}
