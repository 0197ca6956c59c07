import type { CommandModule } from 'yargs';
import type { PretrainEpoch } from '../../model/pretrain.ts';
import { textTable } from '../../report/text-table.ts';
import { formatBytes } from '../bytes.ts';
import { formatDuration } from '../duration.ts';
import { lendGpu } from '../gpu.ts';
import { interruptible } from '../interrupt.ts';
import {
  type PretrainHooks,
  type PretrainJobOptions,
  type PretrainJobResult,
  pretrainNetwork,
} from '../jobs/pretrain.ts';
import { Progress } from '../progress.ts';
import { type Arguments, pretrainJobOf, pretrainOptions } from './pretrain-options.ts';

/** `voxmask pretrain`: an autoencoder whose convolutions a training can start from. */
export const pretrain: CommandModule<object, Arguments> = {
  command: 'pretrain <cohort>',
  describe: "Train a network's convolutions to reconstruct images, for train --init",
  builder: (yargs) =>
    yargs
      .positional('cohort', {
        type: 'string',
        demandOption: true,
        describe: 'Table of the sessions and their images (TSV), of any diagnosis',
      })
      .options(pretrainOptions)
      .example('$0 pretrain cohort.tsv --out pretrained', 'on all images of the table')
      .example(
        '$0 pretrain cohort.tsv --out pretrained --split folds --fold 0',
        'leaving the validation side out',
      )
      .example('$0 train cohort.tsv --split folds --fold 0 --init pretrained --out trained', 'start from it'),
  handler: run,
};

async function run(args: Arguments): Promise<void> {
  const options = pretrainJobOf(args);
  const { quiet = false, json } = args;
  await interruptible((signal) =>
    lendGpu(args.adapter, quiet, async (open) => {
      const { hooks, finish } = progressOf(options, quiet);
      const result = await pretrainNetwork(options, { open, signal, ...hooks }).finally(finish);
      warn(result, options.out);
      if (json) console.log(JSON.stringify(result, null, 2));
      else if (result.best) console.log(asText(result, result.best));
    }),
  );
}

/** One bar over the steps of all epochs, and a line for each epoch. */
function progressOf({ training }: PretrainJobOptions, quiet: boolean) {
  let progress: Progress | undefined;
  const hooks: Omit<PretrainHooks, 'open' | 'signal'> = {
    onSplit: ({ train, validation }, absent, from) => {
      const steps = training.epochs * Math.ceil(train.length / training.batchSize);
      progress = new Progress('Pretraining', steps, { quiet });
      const aside = validation.length > 0 ? `, ${validation.length} choose the epoch` : '';
      progress.log(`${train.length} sessions are learnt from${aside}`);
      if (from) progress.log(`going on from epoch ${from.epoch}, step ${from.step}`);
      if (absent > 0) progress.log(`${absent} sessions that the split lists are not in the cohort`);
    },
    onStep: ({ epoch, step, steps, loss }) =>
      progress?.update((epoch - 1) * steps + step, `epoch ${epoch}, loss ${loss.toPrecision(3)}`),
    onEpoch: (epoch) => progress?.log(epochLine(epoch)),
  };
  return { hooks, finish: () => progress?.finish() };
}

function epochLine({ epoch, trainLoss, validationLoss, seconds }: PretrainEpoch): string {
  const validation = validationLoss === null ? '' : `, validation loss ${validationLoss.toPrecision(4)}`;
  return `epoch ${epoch}: training loss ${trainLoss.toPrecision(4)}${validation}, ${formatDuration(seconds)}`;
}

function warn({ interrupted, finishedBefore, paths }: PretrainJobResult, out: string): void {
  const say = (line: string) => process.stderr.write(`${line}\n`);
  if (finishedBefore)
    say(`${out} holds this very pretraining, finished; it was not run again (--overwrite does).`);
  if (!interrupted) return;
  const usable = paths ? ' Its best epoch so far can be used already.' : '';
  say(`Stopped early and saved in ${out}; the same command goes on from there.${usable}`);
}

function asText(result: PretrainJobResult, best: PretrainEpoch): string {
  const { paths, validation } = result;
  const summary = textTable(
    ['pretraining', 'value'],
    [
      ['images learnt from', String(result.train)],
      ['images that chose the epoch', validation === 0 ? 'none: the training loss did' : String(validation)],
      ['kept', `epoch ${best.epoch} of ${result.epochs}`],
      ['training loss (mean squared error)', best.trainLoss.toPrecision(4)],
      ['validation loss', best.validationLoss === null ? 'n/a' : best.validationLoss.toPrecision(4)],
      ['time', formatDuration(result.seconds)],
      ['GPU memory at most', formatBytes(result.peakBytes)],
    ],
  );
  const written =
    paths &&
    textTable(
      ['written', 'holds'],
      [
        [paths.autoencoder, 'the autoencoder of that epoch, for train --init'],
        [paths.split, 'which sessions were learnt from'],
        [paths.history, 'losses of every epoch'],
        [paths.curves, 'the same as curves'],
        [paths.reconstructions, 'images beside their reconstructions'],
        [paths.sidecar, 'options, versions, adapter and times of this run'],
      ],
    );
  return [summary, ...(written ? [written] : [])].join('\n\n');
}
