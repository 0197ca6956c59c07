import type { CommandModule } from 'yargs';
import { stateText } from '../../masking/mask-state.ts';
import { trainDefaults } from '../../model/train.ts';
import { textTable } from '../../report/text-table.ts';
import { UsageError } from '../fail.ts';
import { lendGpu } from '../gpu.ts';
import { interruptible } from '../interrupt.ts';
import { type FeedbackResult, feedback } from '../jobs/feedback.ts';
import { counts, numberOption, positive, textOption } from '../options.ts';
import { Progress } from '../progress.ts';
import { namedMasks } from '../state-text.ts';
import { maskProgress } from './mask-group.ts';
import { jobOf, type Arguments as MaskArguments, maskGroupOptions } from './mask-group-options.ts';

interface Arguments extends MaskArguments {
  mask: string;
  share: number;
  'train-epochs': number;
  'train-batch-size': number;
  'train-learning-rate': number;
}

/** `voxmask feedback`: training that goes on with a mask over the images, and how the next mask moves. */
export const feedbackCommand: CommandModule<object, Arguments> = {
  command: 'feedback',
  describe: 'Train a network further with its group mask over some images, and see how its mask moves',
  builder: (yargs) =>
    yargs
      .options({
        ...maskGroupOptions,
        mask: textOption({
          demandOption: true as const,
          describe: "The network's group mask: a file or its folder",
        }),
        share: numberOption('share', {
          range: { above: 0, most: 1 },
          default: 0.5,
          describe: 'Share of the training images that are masked',
        }),
        'train-epochs': numberOption('train-epochs', {
          range: counts,
          default: 10,
          describe: 'Epochs of training; all are taken',
        }),
        'train-batch-size': numberOption('train-batch-size', {
          range: counts,
          default: trainDefaults.batchSize,
          describe: 'Images in a step of training',
        }),
        'train-learning-rate': numberOption('train-learning-rate', {
          range: positive,
          default: trainDefaults.learningRate,
          describe: "Adam's, in training",
        }),
      })
      .example(
        '$0 feedback --model trained --cohort c.tsv --mask mask --atlas a --labels l --out fed',
        '',
      ) as never,
  handler: run,
};

async function run(args: Arguments): Promise<void> {
  const { quiet = false, json } = args;
  const usage = (message: string) => new UsageError(message, 'feedback');
  const { atlas, ...options } = jobOf(args, 'feedback');
  if (!atlas) throw usage('masks are compared over regions: give --atlas and --labels');
  const training = {
    ...trainDefaults,
    epochs: args['train-epochs'],
    batchSize: args['train-batch-size'],
    learningRate: args['train-learning-rate'],
    seed: args.seed,
  };
  await interruptible((signal) =>
    lendGpu(args.adapter, quiet, async (open) => {
      let bar: Progress | undefined;
      const { hooks, finish } = maskProgress(quiet);
      const result = await feedback(
        { ...options, atlas, mask: args.mask, share: args.share, training },
        {
          open,
          signal,
          ...hooks,
          onTrainStep: ({ epoch, step, steps, loss }) => {
            bar ??= new Progress('Training', training.epochs * steps, { quiet });
            const done = (epoch - 1) * steps + step;
            bar.update(done, `epoch ${epoch}, loss ${loss.toFixed(3)}`);
            if (done === training.epochs * steps) bar.finish();
          },
        },
      ).finally(() => {
        bar?.finish();
        finish();
      });
      if (!result) process.stderr.write('Stopped. Run the same command again to go on.\n');
      else {
        if (result.finishedBefore)
          process.stderr.write(`Finished before; not made again: ${result.paths.sidecar}\n`);
        warn(result);
        console.log(json ? JSON.stringify(result, null, 2) : asText(result));
      }
    }),
  );
}

function warn({ masks }: FeedbackResult): void {
  const named = namedMasks(Object.entries(masks).map(([name, state]) => ({ name, state })));
  if (named) process.stderr.write(`${named}\n`);
}

function asText({ className, before, after, masks, similarity, regions, paths }: FeedbackResult): string {
  const digits = 3;
  const table = textTable(
    [
      'network',
      ...[
        'balanced accuracy, training',
        'validation',
        `P(${className})`,
        'under the mask before',
        'after',
      ].map((title) => ({ title, digits })),
    ],
    Object.entries({ before, after }).map(([name, { train, validation, probabilities }]) => [
      name,
      train.balancedAccuracy,
      validation.balancedAccuracy,
      probabilities.unmasked,
      probabilities.before,
      probabilities.after,
    ]),
  );
  const moved = textTable(
    ['region', { title: 'mean of 1 - m before', digits: 4 }, { title: 'after', digits: 4 }],
    [
      ...regions.slice(0, 5),
      ...regions
        .slice(5)
        .sort((a, b) => b.after - a.after)
        .slice(0, 5),
    ].map(({ name, before, after }) => [name, before, after]),
  );
  const alike = `ROI similarity of the masks: ${similarity === null ? 'n/a, one is empty' : similarity.toFixed(3)}`;
  const states = `Mask before: ${stateText(masks.before)}; after: ${stateText(masks.after)}`;
  const written = textTable(
    ['written', 'holds'],
    [
      [paths.model, 'the network after feedback'],
      [paths.mask, 'its group mask'],
      [paths.regions, 'the regions of both masks'],
      [paths.masks, 'both masks side by side'],
      [paths.sidecar, 'everything above, with options, versions and adapter'],
    ],
  );
  return [table, moved, `${alike}\n${states}`, written].join('\n\n');
}
