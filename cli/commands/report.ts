import type { CommandModule } from 'yargs';
import { textTable } from '../../report/text-table.ts';
import type { CommandOptions } from '../command-options.ts';
import { type ReportResult, writeReport } from '../jobs/report/index.ts';
import { jsonOption, textOption } from '../options.ts';

interface Arguments {
  directory: string;
  out: string | undefined;
  anonymous: boolean;
  background: string | undefined;
  overwrite: boolean;
  json: boolean;
}

/**
 * `voxmask report`: a study in one file.
 *
 * @param options gives the options of every command, by which an anonymous report tells numbers from names
 */
export const reportCommand = (options: () => CommandOptions): CommandModule<object, Arguments> => ({
  command: 'report <directory>',
  describe: 'Show a study, a demo or any results in one HTML file that needs no network',
  builder: (yargs) =>
    yargs
      .positional('directory', {
        type: 'string',
        demandOption: true,
        describe: 'Folder of a study or a demo, or one below which results lie',
      })
      .options({
        out: textOption({ describe: 'HTML file to write; report.html in the folder when not given' }),
        anonymous: {
          type: 'boolean',
          default: false,
          describe: 'Leave out participants, dates, paths and all names of yours (report-anonymous.html)',
        },
        background: textOption({
          describe:
            'Image to show behind the masks too, as a T1 template (NIfTI); one of a person shows a face',
        }),
        overwrite: {
          type: 'boolean',
          default: false,
          describe: 'Replace a report even if it was changed since it was written',
        },
        json: jsonOption,
      })
      .example('$0 report voxmask-demo', '')
      .example('$0 report study --anonymous --out for-a-colleague.html', '') as never,
  handler: ({ directory, out, anonymous, background, overwrite, json }) => {
    const result = writeReport({
      ...{ directory, out: out ?? null, background: background ?? null, overwrite },
      anonymous: anonymous ? options() : null,
    });
    console.log(json ? JSON.stringify(result, null, 2) : asText(result));
  },
});

function asText({ findings, units, warnings, tables, pictures, paths }: ReportResult): string {
  const answers = findings.map(({ question, answer }) => `${question}\n  ${answer}`).join('\n');
  const open = units.failed + units.missing;
  const written = textTable(
    ['written', 'holds'],
    [
      [
        paths.report,
        `the report${open > 0 ? `; ${open} of ${open + units.done} steps are missing or failed` : ''}`,
      ],
      [paths.files, `its numbers (${tables} tables, numbers.json) and ${pictures} pictures`],
    ],
  );
  const serious = warnings.filter(({ level }) => level === 'warning').map(({ text }) => `Warning: ${text}`);
  return [answers, ...(serious.length > 0 ? [serious.join('\n')] : []), written].join('\n\n');
}
