import type { CommandModule } from 'yargs';
import { type UnstableRule, unstableRules } from '../../cohort/build/index.ts';
import { textTable } from '../../report/text-table.ts';
import { UsageError } from '../fail.ts';
import { buildCohortFiles, type CohortBuildResult } from '../jobs/cohort-build.ts';
import { jsonOption, listOption, textOption } from '../options.ts';
import { Progress } from '../progress.ts';
import { classesOption } from './split-options.ts';

interface Arguments {
  source: string;
  out: string;
  pattern: string | undefined;
  tables: string | undefined;
  classes: string[];
  map: string[] | undefined;
  variant: string[] | undefined;
  unstable: UnstableRule;
  exclude: string | undefined;
  resample: boolean;
  grid: string | undefined;
  overwrite: boolean;
  json: boolean;
  quiet?: boolean;
}

/** `voxmask cohort build`: from a pipeline's folder to a table of sessions. */
export const cohortBuildCommand: CommandModule<object, Arguments> = {
  command: 'build <source>',
  describe: 'Make a cohort table from a CAPS or BIDS derivatives folder and its clinical tables',
  builder: (yargs) =>
    yargs
      .positional('source', {
        type: 'string',
        demandOption: true,
        describe: 'CAPS, BIDS derivatives, CAT12 or SPM folder, or table of images (TSV)',
      })
      .options({
        out: textOption({ demandOption: true, describe: 'Folder for the cohort; made if missing' }),
        pattern: textOption({
          describe:
            "Paths of the images in the folder, as '{participant}_{session}_gm.nii.gz'; * is any text",
        }),
        tables: textOption({ describe: 'BIDS folder with participants.tsv, or one merged table (TSV)' }),
        classes: classesOption,
        map: listOption({ describe: 'Names of diagnoses to take for others, as NL=CN,SMC=CN' }),
        variant: listOption({
          describe:
            'Which maps, by their labels, as dartel or modulated-on,fwhm-8mm; unmodulated and unsmoothed else',
        }),
        unstable: {
          choices: unstableRules,
          default: 'drop' as UnstableRule,
          describe: 'Participants whose diagnosis changes: leave out, or keep up to the change',
        },
        exclude: textOption({ describe: 'Table of participants or sessions to leave out (TSV)' }),
        resample: {
          type: 'boolean',
          default: false,
          describe: 'Bring images of another grid onto the most frequent one (trilinear)',
        },
        grid: textOption({ describe: 'Image whose grid all are to have' }),
        overwrite: { type: 'boolean', default: false, describe: 'Replace a cohort that is there already' },
        json: jsonOption,
      })
      .example('$0 cohort build caps --tables bids --out cohort', 'from the folders of Clinica')
      .example('$0 cohort build caps --tables merged.tsv --variant dartel --out cohort', '') as never,
  handler: run,
};

function run(args: Arguments): void {
  const {
    source,
    out,
    pattern = null,
    tables = null,
    classes,
    variant = [],
    unstable,
    exclude = null,
  } = args;
  const { resample, grid = null, overwrite, json, quiet = false } = args;
  const bars = new Map<string, Progress>();
  const result = buildCohortFiles(
    {
      source,
      pattern,
      tables,
      classes,
      mapping: mappingOf(args.map ?? []),
      variant,
      unstable,
      exclude,
      resample,
      grid,
      out,
      overwrite,
    },
    {
      onImage: (what, done, of) => {
        const title = what === 'read' ? 'Reading headers' : 'Resampling';
        const bar = bars.get(what) ?? new Progress(title, of, { quiet });
        bars.set(what, bar);
        bar.update(done);
        if (done === of) bar.finish();
      },
    },
  );
  for (const note of result.notes) process.stderr.write(`note: ${note}\n`);
  console.log(json ? JSON.stringify(result, null, 2) : asText(result));
}

function mappingOf(pairs: readonly string[]): Map<string, string> {
  return new Map(
    pairs.map((pair) => {
      const [from, to, ...more] = pair.split('=').map((part) => part.trim());
      if (!from || !to || more.length > 0)
        throw new UsageError('--map takes pairs, as NL=CN,Dementia=AD', 'cohort');
      return [from, to];
    }),
  );
}

function asText(result: CohortBuildResult): string {
  const { kind, variant, grid, counts, excluded, resampled, paths } = result;
  const built = textTable(
    ['diagnosis', 'participants', 'sessions'],
    Object.entries(counts).map(([name, { participants, sessions }]) => [name, participants, sessions]),
  );
  const left = textTable(
    ['left out because', 'sessions'],
    excluded.map(([reason, count]) => [reason, count]),
  );
  const written = textTable(
    ['written', 'holds'],
    [
      [paths.cohort, 'the cohort: a row per session'],
      [paths.excluded, 'sessions that were left out, and why'],
      [paths.sidecar, 'options, versions and counts'],
    ],
  );
  const maps = `${kind}${variant.length > 0 ? `: ${variant.join(', ')}` : ''}; ${grid}`;
  const more = resampled > 0 ? `; ${resampled} images were resampled onto it` : '';
  return [maps + more, built, ...(excluded.length > 0 ? [left] : []), written].join('\n\n');
}
