import type { CommandModule } from 'yargs';
import { type FoldMethod, foldMethods } from '../../cohort/splits/folds.ts';
import { textTable } from '../../report/text-table.ts';
import { type SplitKfoldResult, splitKfold } from '../jobs/split-kfold.ts';
import { jsonOption, numberOption, seeds32, textOption } from '../options.ts';
import { classesOption } from './split-options.ts';

interface Arguments {
  cohort: string;
  out: string;
  test: string | undefined;
  folds: number;
  method: FoldMethod;
  seed: number;
  classes: string[];
  overwrite: boolean;
  json: boolean;
}

/** `voxmask split kfold`: the parts of a cross-validation. */
export const splitKfoldCommand: CommandModule<object, Arguments> = {
  command: 'kfold <cohort>',
  describe: 'Cut a cohort into the folds of a cross-validation, by participant and stratified',
  builder: (yargs) =>
    yargs
      .positional('cohort', { type: 'string', demandOption: true, describe: 'Table of the sessions (TSV)' })
      .options({
        out: textOption({ demandOption: true, describe: 'Folder for the tables; made if missing' }),
        test: textOption({ describe: 'Table of test participants (TSV), who are in no fold' }),
        folds: numberOption('folds', {
          range: { whole: true, least: 2 },
          default: 5,
          describe: 'Parts that the participants are cut into',
        }),
        method: {
          choices: foldMethods,
          default: 'published' as FoldMethod,
          describe: "As the paper's folds were drawn, or balanced in age and sex too",
        },
        seed: numberOption('seed', { range: seeds32, default: 2, describe: 'Start of the random numbers' }),
        classes: classesOption,
        overwrite: { type: 'boolean', default: false, describe: 'Replace folds that are there already' },
        json: jsonOption,
      })
      .example('$0 split kfold cohort.tsv --out folds', '')
      .example('$0 train cohort.tsv --split folds --fold 0 --out trained', 'train on the first') as never,
  handler: run,
};

async function run(args: Arguments): Promise<void> {
  const { cohort, out, test = null, folds, method, seed, classes, overwrite, json } = args;
  const result = await splitKfold({ cohort, classes, test, folds, method, seed, out, overwrite });
  console.log(json ? JSON.stringify(result, null, 2) : asText(result, classes));
}

function asText({ folds, leftOut, paths }: SplitKfoldResult, classes: readonly string[]): string {
  const counts = (numbers: Readonly<Record<string, number>>) => classes.map((name) => numbers[name]);
  const columns = classes.flatMap((name) => [
    { title: `p age ${name}`, digits: 2 },
    { title: `p sex ${name}`, digits: 2 },
  ]);
  const table = textTable(
    [
      'fold',
      ...classes.map((name) => `${name} train`),
      ...classes.map((name) => `${name} validate`),
      ...columns,
    ],
    folds.map(({ fold, train, validation, likeness }) => [
      fold,
      ...counts(train),
      ...counts(validation),
      ...classes.flatMap((name) => [likeness[name].age, likeness[name].sex]),
    ]),
  );
  const written = textTable(
    ['written', 'holds'],
    [
      ...paths.tables.map((file, fold) => [file, `the sessions of fold ${fold}; beside it as JSON`]),
      [paths.folds, 'in which fold a participant validates'],
      [paths.sidecar, 'options, versions and p-values'],
    ],
  );
  const notes = [
    'Sessions train, first sessions validate. p: validation against training, age by t-test, sex by chi-squared.',
    ...(leftOut > 0 ? [`${leftOut} test participants were left out.`] : []),
  ];
  return [table, notes.join('\n'), written].join('\n\n');
}
