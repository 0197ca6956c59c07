import path from 'node:path';
import type { CommandModule } from 'yargs';
import { type Demographics, describeCohort } from '../../cohort/demographics.ts';
import { writeFileAtomic } from '../../cohort/files.ts';
import { formatTable } from '../../cohort/table.ts';
import { demographicCells, demographicColumns } from '../../report/demographics-table.ts';
import { textTable } from '../../report/text-table.ts';
import { readNotedCohort } from '../jobs/noted-cohort.ts';
import { refuseExisting } from '../jobs/output.ts';
import { jsonOption, textOption } from '../options.ts';
import { classesOption } from './split-options.ts';

const formats = ['text', 'tsv', 'markdown'] as const;

interface Arguments {
  cohorts: string[];
  classes: string[];
  format: (typeof formats)[number];
  out: string | undefined;
  overwrite: boolean;
  json: boolean;
}

/** `voxmask cohort describe`: who is in it. */
export const cohortDescribeCommand: CommandModule<object, Arguments> = {
  command: 'describe <cohorts..>',
  describe: 'Participants, sessions, age, sex, MMSE and CDR per diagnosis (table 1 of a paper)',
  builder: (yargs) =>
    yargs
      .positional('cohorts', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'Tables of sessions (TSV)',
      })
      .options({
        classes: classesOption,
        format: { choices: formats, default: 'text' as const, describe: 'How the table is written' },
        out: textOption({ describe: 'File for the table; standard output else' }),
        overwrite: { type: 'boolean', default: false, describe: 'Replace the file of --out' },
        json: jsonOption,
      })
      .example('$0 cohort describe adni/cohort.tsv aibl/cohort.tsv --format markdown', '') as never,
  handler: run,
};

function run({ cohorts, classes, format, out, overwrite, json }: Arguments): void {
  if (out !== undefined) refuseExisting(out, overwrite);
  const described = cohorts.map((file) => ({
    cohort: file,
    groups: describeCohort(readNotedCohort(file, classes, { allowOneClass: true }), classes),
  }));
  const text = json
    ? JSON.stringify(described, (_, value) => (value instanceof Map ? Object.fromEntries(value) : value), 2)
    : written(format, described);
  if (out === undefined) console.log(text);
  else writeFileAtomic(out, `${text}\n`);
}

function written(
  format: Arguments['format'],
  described: readonly { cohort: string; groups: Demographics[] }[],
) {
  const names = shortNames(described.map(({ cohort }) => cohort));
  const rows = described.flatMap(({ groups }, i) =>
    groups.map((group) => [names[i], ...demographicCells(group)]),
  );
  if (format === 'text') return textTable(demographicColumns, rows);
  if (format === 'markdown') {
    const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
    return [line(demographicColumns), line(demographicColumns.map(() => '---')), ...rows.map(line)].join(
      '\n',
    );
  }
  const columns = demographicColumns.map((heading) => heading.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_'));
  return formatTable(
    columns,
    rows.map((cells) => Object.fromEntries(columns.map((column, i) => [column, cells[i]]))),
  ).trimEnd();
}

/** Each cohort by its file's name; where several have one, by its folder's; where even those are alike, by its path. */
function shortNames(files: readonly string[]): string[] {
  const base = (file: string) => path.basename(file).replace(/\.tsv$/, '');
  const folder = (file: string) => path.basename(path.dirname(path.resolve(file)));
  const repeated = (names: readonly string[], name: string) =>
    names.indexOf(name) !== names.lastIndexOf(name);
  const bases = files.map(base);
  const names = bases.map((name, i) => (repeated(bases, name) ? folder(files[i]) : name));
  return names.map((name, i) => (repeated(names, name) ? files[i] : name));
}
