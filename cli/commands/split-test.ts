import type { CommandModule } from 'yargs';
import { testSetDefaults } from '../../cohort/splits/test-set.ts';
import { textTable } from '../../report/text-table.ts';
import { type SplitTestOptions, type SplitTestPaths, splitTest } from '../jobs/split-test.ts';
import { counts, jsonOption, notNegative, numberOption, seeds32, textOption } from '../options.ts';
import { classesOption } from './split-options.ts';

interface Arguments {
  cohort: string;
  out: string;
  size: number;
  'age-tolerance': number;
  'p-value': number;
  draws: number;
  seed: number;
  classes: string[];
  overwrite: boolean;
  json: boolean;
}

/** `voxmask split test`: participants set aside for the end. */
export const splitTestCommand: CommandModule<object, Arguments> = {
  command: 'test <cohort>',
  describe: 'Draw a test set, matched in age and sex between two classes and like the rest',
  builder: (yargs) =>
    yargs
      .positional('cohort', { type: 'string', demandOption: true, describe: 'Table of the sessions (TSV)' })
      .options({
        out: textOption({ demandOption: true, describe: 'Folder for the tables; made if missing' }),
        size: numberOption('size', {
          range: counts,
          default: testSetDefaults.perClass,
          describe: 'Participants per class',
        }),
        'age-tolerance': numberOption('age-tolerance', {
          range: notNegative,
          default: testSetDefaults.ageTolerance,
          describe: 'Years by which a matched pair may differ',
        }),
        'p-value': numberOption('p-value', {
          range: { least: 0, below: 1 },
          default: testSetDefaults.threshold,
          describe: 'What the tests of age and sex, test set against rest, must exceed',
        }),
        draws: numberOption('draws', {
          range: counts,
          default: testSetDefaults.draws,
          describe: 'Draws at most',
        }),
        seed: numberOption('seed', {
          range: seeds32,
          default: testSetDefaults.seed,
          describe: 'Start of the random numbers',
        }),
        classes: classesOption,
        overwrite: { type: 'boolean', default: false, describe: 'Replace a split that is there already' },
        json: jsonOption,
      })
      .example('$0 split test cohort.tsv --out test', "100 per class, as the paper's") as never,
  handler: run,
};

async function run(args: Arguments): Promise<void> {
  const { cohort, out, classes, overwrite, seed, json, size: perClass, draws } = args;
  const options: SplitTestOptions = {
    cohort,
    classes,
    out,
    overwrite,
    perClass,
    ageTolerance: args['age-tolerance'],
    threshold: args['p-value'],
    draws,
    seed,
  };
  const { drawn, paths } = await splitTest(options);
  const { test, rest, draws: took, possiblePairs, unknown, ...likeness } = drawn;
  if (json) {
    const counts = { test: test.length, rest: rest.length };
    console.log(
      JSON.stringify({ ...counts, draws: took, possiblePairs, unknown, ...likeness, paths }, null, 2),
    );
    return;
  }
  const { againstRest, againstRestByClass, betweenClasses } = likeness;
  const rows = [
    ['test set against the rest', againstRest] as const,
    ...Object.entries(againstRestByClass).map(([name, alike]) => [`${name} of it`, alike] as const),
    ['between the classes of the test set', betweenClasses] as const,
  ];
  console.log(
    [
      textTable(
        ['p-values', { title: 'age (t-test)', digits: 3 }, { title: 'sex (chi-squared)', digits: 3 }],
        rows.map(([name, { age, sex }]) => [name, age, sex]),
      ),
      writtenTable(paths, test.length, rest.length),
      `drawn ${took} ${took === 1 ? 'time' : 'times'}; there are ${possiblePairs} matched pairs` +
        (unknown.length > 0 ? `; ${unknown.length} of unknown age or sex were not drawn` : ''),
    ].join('\n\n'),
  );
}

function writtenTable(paths: SplitTestPaths, tested: number, left: number): string {
  return textTable(
    ['written', 'holds'],
    [
      [paths.test, `the test set: ${tested} participants, one session each`],
      [paths.rest, `the others: ${left} sessions`],
      [paths.split, 'who is on which side'],
      [paths.sidecar, 'options, versions and p-values'],
    ],
  );
}
