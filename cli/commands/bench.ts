import type { CommandModule } from 'yargs';
import { compareReports } from '../../bench/compare.ts';
import { writeFileAtomic } from '../../cohort/files.ts';
import { UsageError } from '../fail.ts';
import { adapterOption, openChosenGpu } from '../gpu.ts';
import { interruptible } from '../interrupt.ts';
import { type BenchOptions, runBench, type Section, sections } from '../jobs/bench.ts';
import { readReport } from '../jobs/bench-files.ts';
import { refuseExisting } from '../jobs/output.ts';
import { jsonOption, listOption, textOption } from '../options.ts';
import { versions } from '../versions.ts';
import { benchText } from './bench-text.ts';
import { type MadeUpNetworkArguments, madeUpNetwork, madeUpNetworkOptions } from './made-up-network.ts';

interface Arguments extends MadeUpNetworkArguments {
  only: string[] | undefined;
  quick: boolean;
  python: string;
  tfjs: string | undefined;
  out: string | undefined;
  overwrite: boolean;
  compare: string | undefined;
  adapter: string | undefined;
  quiet: boolean;
  json: boolean;
}

/** `voxmask bench`: how fast this machine runs the program, kernel by kernel and step by step, and beside its peers. */
export const bench: CommandModule<object, Arguments> = {
  command: 'bench',
  describe:
    'Measure kernels and whole steps against what the GPU can do, and against PyTorch and TensorFlow.js',
  builder: (yargs) =>
    yargs
      .options({
        only: listOption({ describe: `Sections, with commas between: ${sections.join(', ')}` }),
        ...madeUpNetworkOptions,
        quick: { type: 'boolean', default: false, describe: 'Few repetitions, batches and sizes' },
        python: textOption({ describe: 'A Python that has PyTorch, to time beside', default: 'python3' }),
        tfjs: textOption({ describe: 'A folder where TensorFlow.js is installed, to time beside' }),
        out: textOption({ describe: 'File for the results (JSON)' }),
        overwrite: { type: 'boolean', default: false, describe: 'Replace the file of --out' },
        compare: textOption({ describe: 'Results of an earlier run; shows what moved' }),
        adapter: adapterOption,
        json: jsonOption,
      })
      .example('$0 bench', 'everything, at the size of the paper')
      .example('$0 bench --only limits,kernels', 'each kernel against the limit that binds it')
      .example('$0 bench --out now.json --compare before.json', 'what a change has done') as never,
  handler: async (args) => {
    const earlier = args.compare === undefined ? null : readReport(args.compare);
    const options = benchOptions(args);
    if (args.out !== undefined) refuseExisting(args.out, args.overwrite);
    await interruptible(async (signal) => {
      const startedAt = new Date();
      let adapter: unknown = null;
      const report = await runBench(options, {
        signal,
        open: async () => {
          const opened = await openChosenGpu(args.adapter, args.quiet || adapter !== null);
          adapter = opened.report;
          return opened;
        },
        onCase: (what) => args.quiet || process.stderr.write(`bench: ${what}\n`),
      });
      const moved = earlier && compareReports(earlier, report);
      const told = {
        options,
        adapter,
        versions: versions(),
        platform: { os: process.platform, architecture: process.arch },
        startedAt: startedAt.toISOString(),
        finishedAt: new Date().toISOString(),
        interrupted: signal.aborted,
        report,
        ...(moved && { moved }),
      };
      const json = `${JSON.stringify(told, null, 2)}\n`;
      if (args.out !== undefined) writeFileAtomic(args.out, json);
      console.log(args.json ? json.trimEnd() : benchText(report, moved));
    });
  },
};

function benchOptions(args: Arguments): BenchOptions {
  const architecture = madeUpNetwork(args, 'bench');
  const only = args.only ?? sections;
  for (const name of only)
    if (!(sections as readonly string[]).includes(name))
      throw new UsageError(`--only has no section "${name}"; there are ${sections.join(', ')}`, 'bench');
  return {
    architecture,
    only: only as readonly Section[],
    repetitions: args.quick ? 3 : 5,
    batches: args.quick
      ? {
          'mask step': [1],
          'training step': [1, 2],
          'training step, float16': [2],
          'training step, recomputed': [2],
          inference: [1],
        }
      : {
          'mask step': [1, 4, 8],
          'training step': [1, 2, 4, 8],
          'training step, float16': [8],
          'training step, recomputed': [8],
          inference: [1, 8],
        },
    sizes: args.quick
      ? [[31, 37, 31]]
      : [
          [31, 37, 31],
          [41, 49, 41],
          [61, 73, 61],
          [121, 145, 121],
        ],
    python: args.python,
    compiled: !args.quick,
    tfjs: args.tfjs ?? null,
  };
}
