import type { CommandModule } from 'yargs';
import { checkDefaults } from '../../cohort/quality/check.ts';
import { reasonText } from '../../cohort/quality/reasons.ts';
import { textTable } from '../../report/text-table.ts';
import { type CohortCheckResult, checkCohort } from '../jobs/cohort-check.ts';
import { jsonOption, notNegative, numberOption, positive, textOption } from '../options.ts';
import { Progress } from '../progress.ts';
import { classesOption } from './split-options.ts';

interface Arguments {
  cohort: string;
  out: string;
  minimum: number;
  z: number;
  classes: string[];
  overwrite: boolean;
  json: boolean;
  quiet?: boolean;
}

const shown = 10;

/** `voxmask cohort check`: which images to leave out, and which to look at. */
export const cohortCheckCommand: CommandModule<object, Arguments> = {
  command: 'check <cohort>',
  describe:
    'Check the quality of the images: a table, a contact sheet, and the cohort without the rejected ones',
  builder: (yargs) =>
    yargs
      .positional('cohort', { type: 'string', demandOption: true, describe: 'Table of the sessions (TSV)' })
      .options({
        out: textOption({ demandOption: true, describe: 'Folder for the results; made if missing' }),
        minimum: numberOption('minimum', {
          range: notNegative,
          default: checkDefaults.minimum,
          describe: 'Images whose maximum is lower are rejected',
        }),
        z: numberOption('z', {
          range: positive,
          default: checkDefaults.z,
          describe: 'Robust z-score of volume or likeness beyond which an image is flagged',
        }),
        classes: classesOption,
        overwrite: { type: 'boolean', default: false, describe: 'Replace a check that is there already' },
        json: jsonOption,
      })
      .example('$0 cohort check cohort/cohort.tsv --out checked', '')
      .example('$0 train checked/accepted.tsv --out trained', 'train on what was not rejected') as never,
  handler: run,
};

async function run({ cohort, out, minimum, z, classes, overwrite, json, quiet = false }: Arguments) {
  let progress: Progress | undefined;
  const result = await checkCohort(
    { cohort, out, minimum, z, classes, overwrite },
    {
      onImage: (done, of) => {
        progress ??= new Progress('Checking', of, { quiet });
        progress.update(done);
      },
    },
  ).finally(() => progress?.finish());
  const { rejected } = result.counts;
  if (rejected > 0)
    process.stderr.write(
      `${rejected} ${rejected === 1 ? 'image is' : 'images are'} rejected: see ${result.paths.check}\n`,
    );
  console.log(json ? JSON.stringify(asData(result), null, 2) : asText(result));
}

/** The reasons with their sentences. */
function asData({ images, ...rest }: CohortCheckResult) {
  const told = images.map(({ reasons, ...image }) => ({
    ...image,
    reasons: reasons.map((reason) => ({ ...reason, text: reasonText(reason) })),
  }));
  return { ...rest, images: told };
}

function asText({ counts, images, paths, sides }: CohortCheckResult): string {
  const doubtful = images.filter(({ verdict }) => verdict !== 'accepted');
  const worst = textTable(
    ['participant', 'session', 'verdict', 'because'],
    doubtful
      .slice(0, shown)
      .map(({ session, verdict, reasons }) => [
        session.participantId,
        session.sessionId,
        verdict,
        reasons.map(reasonText).join('; '),
      ]),
  );
  const more = doubtful.length > shown ? `\nand ${doubtful.length - shown} more` : '';
  return [
    textTable(
      ['verdict', 'images'],
      Object.entries(counts).map(([verdict, count]) => [verdict, count]),
    ),
    ...(doubtful.length > 0 ? [worst + more] : []),
    ...(sides.distinct
      ? []
      : [
          'Images with left and right swapped were not looked for: the cohort is too small, or its brains are too symmetric.',
        ]),
    textTable(
      ['written', 'holds'],
      [
        [paths.sheet, 'the worst images, to look at'],
        [paths.check, 'measures and verdict of every image'],
        [paths.accepted, 'the cohort without the rejected images'],
        [paths.sidecar, 'options, versions and times'],
      ],
    ),
  ].join('\n\n');
}
