import type { CommandModule } from 'yargs';
import type { Spread } from '../../masking/comparison-summary.ts';
import { type RegionMeasure, regionMeasures } from '../../masking/similarity.ts';
import { textTable } from '../../report/text-table.ts';
import { UsageError } from '../fail.ts';
import { adapterOption, lendGpu } from '../gpu.ts';
import { interruptible } from '../interrupt.ts';
import { type CompareOptions, type CompareResult, compareMasks } from '../jobs/compare.ts';
import { jsonOption, numberOption, refuseRepeats, severalArguments, textOption } from '../options.ts';
import { Progress } from '../progress.ts';
import { type AtlasArguments, atlasChoice, atlasOptions } from './atlas-options.ts';

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

const mostInTables = 12; // masks whose matrices fit a terminal

/** `voxmask compare`: how alike masks are. */
export const compare: CommandModule<object, Arguments> = {
  command: 'compare <masks..>',
  describe: 'How alike masks are: by regions, by what networks see, over sessions, folds, runs and cohorts',
  builder: (yargs) =>
    yargs
      .parserConfiguration(severalArguments)
      .check(refuseRepeats('compare', ['atlas', 'labels', 'out', 'top', 'model', 'images', 'seed', 'mu']))
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
        top: numberOption('top', { default: 5, describe: 'Regions listed and counted of each mask' }),
        'prob-cnn': {
          type: 'boolean',
          describe:
            "Show every network every mask; by default where all masks' networks and images are known",
        },
        model: textOption({ describe: "One network for all masks; by default each mask's own" }),
        class: textOption({ describe: "Class that the masks hide; by default each mask's own" }),
        mu: textOption({ describe: "What a hidden voxel becomes; by default each mask's own, else 1" }),
        images: textOption({ describe: "Cohort table whose images are masked; by default each mask's own" }),
        seed: numberOption('seed', { default: 0, describe: 'Start of the random numbers of the intervals' }),
        adapter: adapterOption,
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
      console.log(args.json ? JSON.stringify(result, null, 2) : asText(result));
    }),
  );
}

function jobOf(args: Arguments): CompareOptions {
  if (!Number.isInteger(args.top) || args.top < 1)
    throw new UsageError('--top takes a whole number from 1', 'compare');
  if (!Number.isSafeInteger(args.seed) || args.seed < 0)
    throw new UsageError('--seed takes a whole number from 0', 'compare');
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

function tell({ mended, withoutProbCnn, masks, similarity }: CompareResult): void {
  for (const note of mended) process.stderr.write(`Label table: ${note}.\n`);
  if (withoutProbCnn.length > 0)
    process.stderr.write(
      `probCNN is left out (give --model and --images):\n  ${withoutProbCnn.join('\n  ')}\n`,
    );
  const empty = masks.filter((_, i) => similarity[i][i] === null).map(({ name }) => name);
  if (empty.length > 0)
    process.stderr.write(`Empty masks, whose ROI similarity is not defined: ${empty.join(', ')}\n`);
}

function asText({ masks, similarity, probCnn, summaries, structureCounts, paths }: CompareResult): string {
  const parts: string[] = [];
  if (masks.length <= mostInTables) {
    parts.push(matrixText('ROI similarity', masks, similarity));
    if (probCnn)
      parts.push(matrixText('probCNN (rows: network and images; columns: whose mask)', masks, probCnn));
    parts.push(
      textTable(
        ['mask', 'top regions'],
        masks.map(({ name, top }) => [
          name,
          top.map((region) => region.name).join(' ') || 'none: it is empty',
        ]),
      ),
    );
  }
  parts.push(
    textTable(
      ['structure', `masks of ${masks.length} with it among their top regions`],
      structureCounts.slice(0, 10).map(({ name, masks: count }) => [name, count]),
    ),
  );
  if (summaries.length > 0) {
    parts.push(
      textTable(
        ['between', 'pairs', 'participants', 'ROI similarity', 'probCNN'],
        summaries.map(({ kind, pairs, participants, similarity: roi, probCnn: prob }) => [
          kind,
          pairs,
          participants || null,
          spreadText(roi),
          spreadText(prob),
        ]),
      ),
    );
  }
  parts.push(
    textTable(
      ['written', 'holds'],
      [
        [paths.pairs, 'every pair'],
        [paths.summary, 'means over sessions, participants, folds, runs, cohorts'],
        [paths.similarity, 'ROI similarity of every pair'],
        [paths.similarityPicture, 'the same in shades'],
        ...(paths.probCnn && paths.probCnnPicture
          ? [
              [paths.probCnn, 'probCNN of every ordered pair'],
              [paths.probCnnPicture, 'the same in shades'],
            ]
          : []),
        [paths.topRegions, 'top regions of each mask'],
        [paths.regionCounts, 'in how many masks each is among them'],
        [paths.regionCountsPicture, 'the same as bars'],
        [paths.masks, 'what is known of each mask'],
        [paths.sidecar, 'options, versions, adapter'],
      ],
    ),
  );
  return parts.join('\n\n');
}

function matrixText(
  title: string,
  masks: CompareResult['masks'],
  values: readonly (readonly (number | null)[])[],
): string {
  const table = textTable(
    ['', 'mask', ...masks.map((_, i) => ({ title: String(i + 1), digits: 2 }))],
    masks.map(({ name }, i) => [i + 1, name, ...values[i].map((value) => value)]),
  );
  return `${title}\n${table}`;
}

function spreadText(spread: Spread | null): string {
  if (!spread) return 'n/a';
  const digits = (value: number) => value.toFixed(2);
  const { mean, lowest, highest, interval, undefinedPairs } = spread;
  const around = interval
    ? `[${interval.map(digits).join(', ')}]`
    : `from ${digits(lowest)} to ${digits(highest)}`;
  const lacking = undefinedPairs > 0 ? `, ${undefinedPairs} pairs not defined` : '';
  return `${digits(mean)} ${around}${lacking}`;
}
