import type { CommandModule } from 'yargs';
import { formatBytes } from '../../engine/errors.ts';
import { textTable } from '../../report/text-table.ts';
import { formatDuration } from '../duration.ts';
import { UsageError } from '../fail.ts';
import { adapterOption, lendGpu } from '../gpu.ts';
import { interruptible } from '../interrupt.ts';
import { type DryUnit, dryStudy, runStudy, type StudyResult } from '../jobs/study.ts';
import { memoryOption } from '../memory.ts';
import { jsonOption, listOption, textOption } from '../options.ts';
import { Progress } from '../progress.ts';
import { readStudy, type StudyConfig } from '../study/config.ts';
import { commandLine, planLine, planOf } from '../study/plan.ts';
import { unitsOf } from '../study/units.ts';

interface Arguments {
  study: string;
  out: string | undefined;
  'dry-run': boolean;
  plan: boolean;
  unit: string | undefined;
  adapter: string | undefined;
  adapters: string[] | undefined;
  json: boolean;
  quiet?: boolean;
}

/** `voxmask study`: all experiments from one file. */
export const study: CommandModule<object, Arguments> = {
  command: 'study <study>',
  describe: 'Run a whole study from a file: cohorts, folds, networks, masks, comparisons, report',
  builder: (yargs) =>
    yargs
      .positional('study', {
        type: 'string',
        demandOption: true,
        describe: 'Study in YAML (docs/formats.md)',
      })
      .options({
        out: textOption({
          describe: 'Folder of the study; its name by default. Done units are not run again',
        }),
        'dry-run': {
          type: 'boolean',
          default: false,
          describe: 'List the units with the time and memory that each takes at most',
        },
        plan: {
          type: 'boolean',
          default: false,
          describe: 'Print one command per line, with what it needs, for other schedulers',
        },
        unit: textOption({ describe: 'Run this unit only' }),
        adapter: adapterOption,
        memory: memoryOption,
        adapters: listOption({ describe: 'Several adapters, with commas between: a unit runs on each' }),
        json: jsonOption,
      })
      .example('$0 study examples/quick.yaml', 'everything in small, on simulated cohorts')
      .example('$0 study study.yaml --dry-run', 'how long it may take')
      .example('$0 study study.yaml --plan --json', 'for Snakemake (workflow/)') as never,
  handler: run,
};

async function run(args: Arguments): Promise<void> {
  const config = readStudy(args.study);
  const out = args.out ?? config.name;
  if (args.plan) return printPlan(config, out, args.json);
  if (args['dry-run']) return printEstimates(config, out, args);
  if (args.adapter !== undefined && args.adapters !== undefined)
    throw new UsageError('--adapter is one, --adapters are several: give one of the two', 'study');
  const { quiet = false, unit = null } = args;
  await interruptible(async (signal) => {
    let bar: Progress | undefined;
    let ended = 0;
    const result = await runStudy(
      { study: config, out, only: unit, adapters: args.adapters ?? [args.adapter] },
      {
        signal,
        onPlan: (units) => {
          bar = new Progress('Study', units, { quiet });
        },
        onBegin: ({ id, title }) => bar?.log(`${id}: ${title}`),
        onLine: ({ id }, line) => bar?.update(ended, `${id}: ${line}`),
        onEnd: ({ id }, outcome) => {
          if (outcome !== 'interrupted') ended += 1;
          if (outcome === 'failed') bar?.log(`${id}: failed`);
          bar?.update(ended, '');
        },
      },
    ).finally(() => bar?.finish(''));
    tellFailures(result, out);
    for (const line of result.undone) process.stderr.write(`${line}\n`);
    const { outcomes: _, ...rest } = result;
    if (args.json) console.log(JSON.stringify({ out, ...rest }, null, 2));
    else console.log(asText(result));
    if (result.units.some(({ status }) => status !== 'done')) process.exitCode = signal.aborted ? 130 : 1;
  });
}

function printPlan(config: StudyConfig, out: string, json: boolean): void {
  const units = planOf(unitsOf(config));
  console.log(json ? JSON.stringify({ out, units }, null, 2) : units.map(planLine).join('\n'));
}

async function printEstimates(config: StudyConfig, out: string, args: Arguments): Promise<void> {
  const { units, adapter } = await lendGpu(args.adapter, args.quiet ?? false, (open) =>
    dryStudy(config, out, open),
  );
  if (args.json) {
    const flat = units.map(({ unit, ...rest }) => ({ ...unit, ...rest }));
    console.log(JSON.stringify({ out, adapter, units: flat }, null, 2));
    return;
  }
  console.log(`${estimateTable(units)}\n\n${total(units, adapter)}`);
}

function estimateTable(units: readonly DryUnit[]): string {
  return textTable(
    ['unit', 'experiment', 'what', 'images x steps', 'time at most', 'GPU memory'],
    units.map(({ unit, done, load, estimate }) => [
      unit.id,
      unit.experiments.join(' '),
      unit.title,
      load ? Math.round(load.images) : '',
      done ? 'done' : estimate ? formatDuration(estimate.seconds) : '',
      !done && estimate ? formatBytes(estimate.peakBytes) : '',
    ]),
  );
}

function total(units: readonly DryUnit[], adapter: string | null): string {
  const left = units.filter(({ done }) => !done);
  const seconds = left.reduce((sum, { estimate }) => sum + (estimate?.seconds ?? 0), 0);
  if (adapter === null)
    return left.length === 0
      ? 'All units are done.'
      : `${left.length} of ${units.length} units are to be run. Times are known once the cohorts are built.`;
  return (
    `${left.length} of ${units.length} units are to be run; on ${adapter} they take ${formatDuration(seconds)} at most. ` +
    'Early stopping mostly ends trainings and masks sooner.'
  );
}

function tellFailures({ units, outcomes }: StudyResult, out: string): void {
  for (const { id, command, error } of units.filter(({ status }) => status === 'failed')) {
    process.stderr.write(`\n${id} failed:\n${error ?? ''}\nIts command, to be repeated in ${out}:\n`);
    process.stderr.write(`  ${commandLine(command)}\n`);
  }
  const blocked = [...outcomes].filter(([, outcome]) => outcome === 'blocked').map(([id]) => id);
  if (blocked.length > 0)
    process.stderr.write(`\nNot run, since they need what failed: ${blocked.join(', ')}\n`);
}

function asText({ units, outcomes, report }: StudyResult): string {
  const table = textTable(
    ['unit', 'experiment', 'state', 'time'],
    units.map(({ id, experiments, status, seconds }) => [
      id,
      experiments.join(' '),
      outcomes.get(id) === 'before' ? 'done before' : status,
      seconds === null ? '' : formatDuration(seconds),
    ]),
  );
  return report === null ? table : `${table}\n\nReport: ${report}`;
}
