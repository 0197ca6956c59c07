import { existsSync } from 'node:fs';
import path from 'node:path';
import type { CommandModule } from 'yargs';
import { trainDefaults } from '../../model/train.ts';
import { UsageError } from '../fail.ts';
import { adapterOption, lendGpu } from '../gpu.ts';
import {
  type EvaluateOptions,
  type EvaluationSet,
  evaluateModels,
  evaluationSets,
} from '../jobs/evaluate.ts';
import { memoryOption } from '../memory.ts';
import { counts, jsonOption, numberOption, repeatableListOption, seeds32, textOption } from '../options.ts';
import { Progress } from '../progress.ts';
import { evaluationWarning } from '../state-text.ts';
import { evaluationText } from './evaluate-text.ts';

interface Arguments {
  cohorts: string[];
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

/** `voxmask evaluate`: how good networks are on cohorts. */
export const evaluate: CommandModule<object, Arguments> = {
  command: 'evaluate <cohorts..>',
  describe: 'Measure how good networks are: balanced accuracy, sensitivity, specificity, AUC',
  builder: (yargs) =>
    yargs
      .positional('cohorts', {
        type: 'string',
        array: true,
        demandOption: true,
        describe:
          'Tables of the sessions (TSV); NAME=TABLE also records the answers beside the networks, as test-NAME',
      })
      .options({
        model: repeatableListOption({
          demandOption: true,
          describe:
            'Trained networks or folders of trainings, with commas between or in several options; a folder may hold all folds',
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
          range: counts,
          default: trainDefaults.batchSize,
          describe: 'Images predicted at once',
        }),
        seed: numberOption('seed', {
          range: seeds32,
          default: 0,
          describe: 'Start of the random numbers of the intervals',
        }),
        out: textOption({ demandOption: true, describe: 'Folder for the results; made if missing' }),
        adapter: adapterOption,
        memory: memoryOption,
        overwrite: {
          type: 'boolean',
          default: false,
          describe: 'Replace an evaluation that is there already',
        },
        json: jsonOption,
      })
      .example('$0 evaluate test/test.tsv --model trained --out tested', 'on the test set')
      .example('$0 evaluate cohort.tsv --model trained --set validation --out validated', 'on its own sets')
      .example(
        '$0 evaluate adni=test/test.tsv aibl=aibl/cohort.tsv --model trained --out tested',
        'every fold on validation, test set and independent cohort, in one table',
      ) as never,
  handler: run,
};

async function run(args: Arguments): Promise<void> {
  const { model: models, set, seed, out, overwrite, json, quiet = false } = args;
  const cohorts = cohortsOf(args);
  const result = await lendGpu(args.adapter, quiet, async (open) => {
    let progress: Progress | undefined;
    const options = { cohorts, models, set, seed, out, overwrite };
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
  const atChance = evaluationWarning(
    result.models.map(({ model, group, evaluation }) => ({ name: `${model} on ${group}`, ...evaluation })),
  );
  if (atChance) process.stderr.write(`${atChance}\n`);
  console.log(json ? JSON.stringify(result, null, 2) : evaluationText(result));
}

/**
 * The cohorts that a command line names. One without a name is called by its file, or its folder where the file is
 * `cohort.tsv`, and by its path where that is not enough.
 *
 * @throws UsageError for a name that is given twice or belongs to a set of the training's own
 */
function cohortsOf({ cohorts: words, set }: Arguments): EvaluateOptions['cohorts'] {
  const given = words.map((word) => {
    const [, name, table] = (existsSync(word) ? null : /^([\w-]+)=(.+)$/.exec(word)) ?? [];
    return name === undefined
      ? { name: nameOf(word), table: word, record: false }
      : { name, table, record: true };
  });
  const taken = (name: string) =>
    name === 'validation' || given.filter((one) => one.name === name).length > 1;
  for (const { name, record } of given) {
    if (record && set !== 'all') throw usage(`--set ${set} goes without names such as ${name}=`);
    if (record && taken(name)) throw usage(`the name ${name} stands for something else already`);
  }
  return given.map((one) => (taken(one.name) ? { ...one, name: one.table } : one));
}

function nameOf(table: string): string {
  const { name, dir } = path.parse(path.resolve(table));
  return name === 'cohort' ? path.basename(dir) : name;
}

function usage(message: string): UsageError {
  return new UsageError(message, 'evaluate');
}
