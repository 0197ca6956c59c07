import type { CommandModule } from 'yargs';
import type { Split } from '../../cohort/splits/folds.ts';
import { mean } from '../../cohort/statistics/tests.ts';
import type { Epoch } from '../../model/train.ts';
import { trainingText } from '../../model/training-state.ts';
import { textTable } from '../../report/text-table.ts';
import { formatBytes } from '../bytes.ts';
import { formatDuration } from '../duration.ts';
import { lendGpu } from '../gpu.ts';
import { interruptible } from '../interrupt.ts';
import {
  type Counts,
  type TrainHooks,
  type TrainJobOptions,
  type TrainJobResult,
  trainNetwork,
} from '../jobs/train.ts';
import { type TrainRunsResult, trainRuns } from '../jobs/train-runs.ts';
import { Progress } from '../progress.ts';
import { pText, trainingWarnings } from '../state-text.ts';
import { type Arguments, foldsOf, jobOf, trainOptions } from './train-options.ts';

/** `voxmask train`: a network that tells the classes of a cohort apart. */
export const train: CommandModule<object, Arguments> = {
  command: 'train <cohort>',
  describe: 'Train a 3D CNN to tell the classes of a cohort apart',
  builder: (yargs) =>
    yargs
      .positional('cohort', {
        type: 'string',
        demandOption: true,
        describe: 'Table of the sessions and their images (TSV)',
      })
      .options(trainOptions)
      .example('$0 train cohort.tsv --out trained', 'the first of five folds')
      .example('$0 train cohort.tsv --out trained --fold 0..4 --runs 5', 'all of them, five times each')
      .example('$0 train cohort.tsv --out trained --split folds', 'a fold that "voxmask split kfold" drew')
      .example(
        '$0 train cohort.tsv --out small --channels 8,16,32,64 --sub-blocks 1,1,1,1',
        'a network for small images',
      ),
  handler: run,
};

async function run(args: Arguments): Promise<void> {
  const options = jobOf(args);
  const wanted = foldsOf(args);
  const { quiet = false, json, runs = 1 } = args;
  const alone = wanted.length === 1 && args.runs === undefined;
  await interruptible((signal) =>
    lendGpu(args.adapter, quiet, async (open) => {
      const result = await trainRuns({ ...options, wanted, runs }, async (job, { fold, run }, onBegin) => {
        const title = alone ? 'Training' : `Training fold ${fold}, run ${run}`;
        const { hooks, finish } = trainProgress(job, quiet, title);
        const trained = await trainNetwork(job, { open, signal, onBegin, ...hooks }).finally(finish);
        warn(trained, job.out, alone ? '' : `fold ${fold}, run ${run}: `);
        return trained;
      });
      if (!alone) {
        if (json) console.log(JSON.stringify(result, null, 2));
        else if (result.runs.length > 0) console.log(runsText(result));
        return;
      }
      const { result: only } = result.stopped ?? result.runs[0];
      if (json) console.log(JSON.stringify(only, null, 2));
      else if (only.best) console.log(asText(only, only.best));
    }),
  );
}

/** A line for each training, and what they reach on average (paper, section 3.1: the folds' validation accuracy). */
function runsText({ runs, table }: TrainRunsResult): string {
  const digits = 3;
  const rows = runs.map(({ fold, run, out, result: { best, epochs, state } }) => [
    fold,
    run,
    `${best?.epoch} of ${epochs}`,
    best?.validation.balancedAccuracy ?? null,
    best?.validation.sensitivity ?? null,
    best?.validation.specificity ?? null,
    trainingText(state),
    out,
  ]);
  const overall = (column: number) => mean(rows.map((row) => Number(row[column])));
  const last = [null, null, 'mean', overall(3), overall(4), overall(5), '', ''];
  const columns = [
    'fold',
    'run',
    'kept epoch',
    { title: 'balanced accuracy', digits },
    { title: 'sensitivity', digits },
    { title: 'specificity', digits },
    'state',
    'folder',
  ];
  return `${textTable(columns, rows.length > 1 ? [...rows, last] : rows)}\n\nThe same in ${table}`;
}

/** One bar over the steps of all epochs, and a line for each epoch. */
export function trainProgress(
  { training, split: given, folds, fold }: TrainJobOptions,
  quiet: boolean,
  title = 'Training',
) {
  let progress: Progress | undefined;
  const hooks: Omit<TrainHooks, 'open' | 'signal'> = {
    onSplit: (split, absent, from) => {
      const steps = training.epochs * Math.ceil(split.train.length / training.batchSize);
      progress = new Progress(title, steps, { quiet });
      progress.log(splitLine(split, given === null ? `fold ${fold} of ${folds}, counted from 0` : given));
      if (from) progress.log(`going on from epoch ${from.epoch}, step ${from.step}`);
      if (absent > 0) progress.log(`${absent} sessions that ${given} lists are not in the cohort`);
    },
    onNote: (note) => progress?.log(note),
    onStep: ({ epoch, step, steps, loss }) =>
      progress?.update((epoch - 1) * steps + step, `epoch ${epoch}, loss ${loss.toFixed(3)}`),
    onEpoch: (epoch) => progress?.log(epochLine(epoch)),
  };
  return { hooks, finish: () => progress?.finish() };
}

function splitLine({ train, validation }: Split, whence: string): string {
  return `${train.length} sessions train, ${validation.length} validate (${whence})`;
}

function epochLine({ epoch, trainLoss, validation, seconds }: Epoch): string {
  const losses = `training loss ${trainLoss.toFixed(3)}, validation loss ${validation.loss.toFixed(3)}`;
  const accuracy = `balanced accuracy ${validation.balancedAccuracy.toFixed(3)}`;
  return `epoch ${epoch}: ${losses}, ${accuracy}, ${formatDuration(seconds)}`;
}

function warn(
  { interrupted, finishedBefore, paths, best, state }: TrainJobResult,
  out: string,
  whose: string,
) {
  for (const line of trainingWarnings(state, best?.validation.balancedAccuracy ?? Number.NaN))
    process.stderr.write(`${whose}${line}\n`);
  if (finishedBefore)
    process.stderr.write(
      `${out} holds this very training, finished; it was not run again (--overwrite does).\n`,
    );
  if (!interrupted) return;
  process.stderr.write(
    `Stopped early and saved in ${out}; the same command goes on from there.${paths ? ' Its best epoch so far can be used already.' : ''}\n`,
  );
}

function asText(result: TrainJobResult, best: Epoch): string {
  const { validation } = best;
  const summary = textTable(
    ['training', 'value'],
    [
      ['trained on', countsText(result.train)],
      ['validated on', countsText(result.validation)],
      ['kept', `epoch ${best.epoch} of ${result.epochs}`],
      ['balanced accuracy', validation.balancedAccuracy.toFixed(3)],
      ['sensitivity', decimals(validation.sensitivity)],
      ['specificity', decimals(validation.specificity)],
      ['validation loss', validation.loss.toFixed(4)],
      ...(result.state?.chance ? [['p against chance', pText(result.state.chance.p)]] : []),
      ['state', trainingText(result.state) ?? 'n/a'],
      ['time', formatDuration(result.seconds)],
      ['GPU memory at most', formatBytes(result.peakBytes)],
    ],
  );
  const { paths } = result;
  const written =
    paths &&
    textTable(
      ['written', 'holds'],
      [
        [paths.model, 'the network of that epoch'],
        [paths.split, 'which sessions trained and which validated'],
        [paths.validation.prediction, 'what the network says of the validation set'],
        [paths.validation.metrics, 'how good that is'],
        [paths.history, 'losses and accuracy of every epoch'],
        [paths.historyLines, 'the same as JSON'],
        [paths.events, 'the same for TensorBoard'],
        [paths.curves, 'the same as curves'],
        [paths.sidecar, 'options, versions, adapter and times of this run'],
      ],
    );
  return [summary, ...(written ? [written] : [])].join('\n\n');
}

function countsText(counts: Counts): string {
  return Object.entries(counts)
    .map(([diagnosis, count]) => `${count} ${diagnosis}`)
    .join(', ');
}

function decimals(value: number): string {
  return Number.isNaN(value) ? 'n/a' : value.toFixed(3);
}
