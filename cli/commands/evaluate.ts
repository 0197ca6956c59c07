import type { CommandModule } from 'yargs';
import { mean } from '../../cohort/statistics/tests.ts';
import type { Interval } from '../../model/evaluation.ts';
import { trainDefaults } from '../../model/train.ts';
import { textTable } from '../../report/text-table.ts';
import { adapterOption, lendGpu } from '../gpu.ts';
import { type EvaluateResult, type EvaluationSet, evaluateModels, evaluationSets } from '../jobs/evaluate.ts';
import { jsonOption, listOption, numberOption, textOption } from '../options.ts';
import { Progress } from '../progress.ts';
import { requireSeed, requireWhole } from './split-options.ts';

interface Arguments {
  cohort: string;
  model: string[];
  set: EvaluationSet;
  'all-sessions': boolean;
  'batch-size': number;
  seed: number;
  out: string;
  adapter: string | undefined;
  overwrite: boolean;
  json: boolean;
  quiet?: boolean;
}

/** `voxmask evaluate`: how good networks are on a cohort. */
export const evaluate: CommandModule<object, Arguments> = {
  command: 'evaluate <cohort>',
  describe: 'Measure how good networks are: balanced accuracy, sensitivity, specificity, AUC',
  builder: (yargs) =>
    yargs
      .positional('cohort', { type: 'string', demandOption: true, describe: 'Table of the sessions (TSV)' })
      .options({
        model: listOption({
          demandOption: true,
          describe: 'Trained networks or their folders, with commas between: one per fold, say',
        }),
        set: {
          choices: evaluationSets,
          default: 'all' as EvaluationSet,
          describe: 'All of the cohort, or the set of it that validated or trained the network',
        },
        'all-sessions': {
          type: 'boolean',
          default: false,
          describe: 'Every session of a participant, not the first one only',
        },
        'batch-size': numberOption('batch-size', {
          default: trainDefaults.batchSize,
          describe: 'Images predicted at once',
        }),
        seed: numberOption('seed', { default: 0, describe: 'Start of the random numbers of the intervals' }),
        out: textOption({ demandOption: true, describe: 'Folder for the results; made if missing' }),
        adapter: adapterOption,
        overwrite: {
          type: 'boolean',
          default: false,
          describe: 'Replace an evaluation that is there already',
        },
        json: jsonOption,
      })
      .example('$0 evaluate test/test.tsv --model trained --out tested', 'on the test set')
      .example('$0 evaluate cohort.tsv --model fold-0,fold-1 --set validation --out validated', 'by fold')
      .example('$0 evaluate aibl/cohort.tsv --model trained --out aibl-tested', 'on another cohort') as never,
  handler: run,
};

async function run(args: Arguments): Promise<void> {
  const { cohort, model: models, set, seed, out, overwrite, json, quiet = false } = args;
  requireWhole('batch-size', args['batch-size'], 1, 'evaluate');
  requireSeed(seed, 'evaluate');
  const result = await lendGpu(args.adapter, quiet, async (open) => {
    let progress: Progress | undefined;
    const options = { cohort, models, set, seed, out, overwrite };
    return evaluateModels(
      { ...options, allSessions: args['all-sessions'], batchSize: args['batch-size'] },
      {
        open,
        onImage: (done, of) => {
          progress ??= new Progress('Evaluating', of, { quiet });
          progress.update(done);
        },
      },
    ).finally(() => progress?.finish());
  });
  console.log(json ? JSON.stringify(result, null, 2) : asText(result));
}

function asText({ models, classes, paths }: EvaluateResult): string {
  const under = classes[classes.length - 1];
  const rows = models.map(
    ({ model, evaluation: { participants, sessions, scores, intervals, confusion } }) => [
      model,
      participants,
      sessions,
      scores.balancedAccuracy,
      range(intervals.balancedAccuracy),
      scores.sensitivity,
      scores.specificity,
      scores.auc,
      range(intervals.auc),
      `${confusion.truePositive} of ${confusion.truePositive + confusion.falseNegative}`,
      `${confusion.trueNegative} of ${confusion.trueNegative + confusion.falsePositive}`,
    ],
  );
  const overall = (column: number) => mean(rows.map((row) => row[column] as number));
  const last = ['mean', null, null, overall(3), '', overall(5), overall(6), overall(7)];
  const digits = 3;
  const table = textTable(
    [
      'model',
      'participants',
      'sessions',
      { title: 'balanced accuracy', digits },
      '95 %',
      { title: 'sensitivity', digits },
      { title: 'specificity', digits },
      { title: 'AUC', digits },
      '95 %',
      `${under} found`,
      'others left',
    ],
    rows.length > 1 ? [...rows, last] : rows,
  );
  const written = textTable(
    ['written', 'holds'],
    [
      [paths.evaluation, 'the same with all intervals'],
      [paths.predictions, 'what each network says of each session'],
      [paths.sidecar, 'options, versions, adapter and times'],
    ],
  );
  return `${table}\n\n95 %: bootstrap over participants\n\n${written}`;
}

function range([low, high]: Interval): string {
  return `${low.toFixed(2)} to ${high.toFixed(2)}`;
}
