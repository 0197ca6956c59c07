import type { CommandModule } from 'yargs';
import { type ScoreKind, scoreKinds } from '../../engine/ops/class-score.ts';
import { type Method, methods } from '../../masking/attribution/index.ts';
import { textTable } from '../../report/text-table.ts';
import { UsageError } from '../fail.ts';
import { adapterOption, lendGpu } from '../gpu.ts';
import { interruptible } from '../interrupt.ts';
import { type ExplainOptions, type ExplainResult, explain } from '../jobs/explain.ts';
import { memoryOption } from '../memory.ts';
import { counts, jsonOption, listOption, numberOption, positive, seeds, textOption } from '../options.ts';
import { Progress } from '../progress.ts';
import { atlasOf, muOf, sourceOptions } from './source-options.ts';

interface Arguments {
  model: string;
  image: string | undefined;
  cohort: string | undefined;
  out: string;
  method: string[] | undefined;
  score: ScoreKind;
  'times-input': boolean;
  samples: number;
  noise: number;
  'path-steps': number;
  block: number | undefined;
  cube: number;
  stride: number;
  'batch-size': number;
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

/** `voxmask explain`: other methods than masks on the same network. */
export const explainCommand: CommandModule<object, Arguments> = {
  command: 'explain',
  describe: 'Gradient, SmoothGrad, integrated gradients, Grad-CAM and occlusion maps of a network',
  builder: (yargs) =>
    yargs
      .options({
        ...sourceOptions,
        cohort: textOption({ describe: 'Table of sessions: the mean map over images of the class' }),
        image: textOption({ describe: 'One gray-matter map, in place of a cohort' }),
        out: textOption({ demandOption: true, describe: 'Folder for the maps, one folder in it per method' }),
        method: listOption({ describe: `All by default; with commas between: ${methods.join(', ')}` }),
        score: {
          choices: scoreKinds,
          default: 'logit' as const,
          describe: "What of the class's output is explained",
        },
        'times-input': {
          type: 'boolean',
          default: false,
          describe: 'gradient, smoothgrad: times the image, with sign, in place of the absolute value',
        },
        samples: numberOption('samples', {
          range: counts,
          default: 25,
          describe: 'smoothgrad: noisy copies of an image',
        }),
        noise: numberOption('noise', {
          range: positive,
          default: 0.15,
          describe: "smoothgrad: standard deviation, as a share of the image's range",
        }),
        'path-steps': numberOption('path-steps', {
          range: counts,
          default: 64,
          describe: 'integrated-gradients: points between mu and the image',
        }),
        block: numberOption('block', {
          range: { whole: true, least: 0 },
          describe: 'grad-cam: block, from 0; by default the deepest of 4 voxels along every axis or more',
        }),
        cube: numberOption('cube', {
          range: positive,
          default: 18,
          describe: "occlusion: the cube's edge in mm",
        }),
        stride: numberOption('stride', {
          range: positive,
          default: 9,
          describe: 'occlusion: mm between cubes',
        }),
        'batch-size': numberOption('batch-size', {
          range: counts,
          default: 4,
          describe: 'occlusion, integrated-gradients: images computed at once',
        }),
        seed: numberOption('seed', {
          range: seeds,
          default: 0,
          describe: "Start of smoothgrad's random numbers",
        }),
        adapter: adapterOption,
        memory: memoryOption,
        overwrite: { type: 'boolean', default: false, describe: 'Replace maps that are there already' },
        json: jsonOption,
      })
      .example('$0 explain --model trained --cohort cohort.tsv --out maps', 'all methods')
      .example('$0 explain --model trained --image map.nii.gz --method grad-cam --out maps', ''),
  handler: run,
};

async function run(args: Arguments): Promise<void> {
  const options = jobOf(args);
  const { quiet = false } = args;
  let bar: Progress | undefined;
  let at: Method | undefined;
  const results = await interruptible((signal) =>
    lendGpu(args.adapter, quiet, (open) =>
      explain(options, {
        open,
        signal,
        onImage: (method, done, total) => {
          if (method !== at) {
            bar?.finish();
            bar = new Progress(method, total, { quiet });
            at = method;
          }
          bar?.update(Number(done.toFixed(2)));
        },
      }).finally(() => bar?.finish()),
    ),
  );
  console.log(args.json ? JSON.stringify(results, null, 2) : asText(results));
}

function jobOf(args: Arguments): ExplainOptions {
  const usage = (message: string) => new UsageError(message, 'explain');
  const { cohort, image } = args;
  if ((cohort === undefined) === (image === undefined)) throw usage('Give either --cohort or --image');
  if (image !== undefined && (args.independent || args.split !== undefined))
    throw usage('--image goes without --split and --independent');
  if (args.independent && args.split !== undefined) throw usage('--independent goes without --split');
  const asked = args.method ?? [...methods];
  const unknown = asked.find((name) => !(methods as readonly string[]).includes(name));
  if (unknown !== undefined || asked.length === 0)
    throw usage(`--method takes ${methods.join(', ')}${unknown ? `, not ${unknown}` : ''}`);
  if (args.stride > args.cube) throw usage('--stride is at most --cube, so that no voxel is passed over');
  const common = {
    model: args.model,
    className: args.class ?? null,
    atlas: atlasOf(args, 'explain'),
    mu: muOf(args.mu),
    resample: args.resample,
  };
  return {
    sources:
      image !== undefined
        ? { ...common, image }
        : {
            ...common,
            cohort: cohort!,
            split: args.split ?? null,
            independent: args.independent,
            fitOn: 'train',
          },
    methods: [...new Set(asked as Method[])],
    score: args.score,
    attribution: {
      timesInput: args['times-input'],
      samples: args.samples,
      noise: args.noise,
      steps: args['path-steps'],
      block: args.block ?? null,
      cube: args.cube,
      stride: args.stride,
      batchSize: args['batch-size'],
      seed: args.seed,
    },
    out: args.out,
    overwrite: args.overwrite,
  };
}

function asText(results: readonly ExplainResult[]): string {
  const [{ className, images }] = results;
  const table = textTable(
    ['method', `most used regions (${className}, ${images.used} of ${images.of} images)`, 'map'],
    results.map(({ method, regions, paths }) => [
      method,
      regions
        ?.slice(0, 3)
        .map(({ region, density }) => `${region.name} ${density.toFixed(3)}`)
        .join(', '),
      paths.attribution,
    ]),
  );
  const complete = results.find(({ completeness }) => completeness)?.completeness;
  if (!complete) return table;
  const { sum, difference, largestError } = complete;
  const checked = textTable(
    ['integrated gradients, mean over the images', 'value'],
    [
      ['sum of the attributions', sum.toPrecision(5)],
      ['score of the image minus that of mu', difference.toPrecision(5)],
      ['largest difference of the two', largestError.toPrecision(2)],
    ],
  );
  return [table, checked].join('\n\n');
}
