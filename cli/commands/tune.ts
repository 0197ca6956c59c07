import type { CommandModule } from 'yargs';
import type { Trial } from '../../bench/tune.ts';
import { textTable } from '../../report/text-table.ts';
import { adapterOption, lendGpu } from '../gpu.ts';
import { interruptible } from '../interrupt.ts';
import { counts, jsonOption, numberOption } from '../options.ts';
import { type MadeUpNetworkArguments, madeUpNetwork, madeUpNetworkOptions } from './made-up-network.ts';

interface Arguments extends MadeUpNetworkArguments {
  repetitions: number;
  reset: boolean;
  adapter: string | undefined;
  json: boolean;
  quiet?: boolean;
}

/** `voxmask tune`: measures once which kernels are fastest on this GPU, for all later runs. */
export const tune: CommandModule<object, Arguments> = {
  command: 'tune',
  describe: 'Measure which kernels are fastest on this GPU, and use them from then on',
  builder: (yargs) =>
    yargs
      .options({
        ...madeUpNetworkOptions,
        repetitions: numberOption('repetitions', {
          range: counts,
          default: 5,
          describe: 'Steps timed for each choice',
        }),
        reset: { type: 'boolean', default: false, describe: 'Forget what was measured' },
        adapter: adapterOption,
        json: jsonOption,
      })
      .example('$0 tune', 'a minute on a GPU, some on a software adapter')
      .example('$0 tune --reset', 'back to the defaults') as never,
  handler: async (args) => {
    const { repetitions, reset, adapter, json, quiet = false } = args;
    const architecture = madeUpNetwork(args, 'tune');
    await interruptible((signal) =>
      lendGpu(adapter, quiet, async (open) => {
        const { gpu, report } = await open();
        const { forgetTuning, writeTuning } = await import('../../engine/node/tuning-file.ts');
        if (reset) {
          const known = forgetTuning(report);
          if (json) console.log(JSON.stringify({ forgotten: known }));
          else console.log(known ? 'The tuning is forgotten.' : 'There was no tuning.');
          return;
        }
        const { tune: measure } = await import('../../bench/tune.ts');
        const onTrial = ({ choice, value, seconds }: Trial) =>
          quiet || process.stderr.write(`${choice} ${value}: ${shown(seconds)}\n`);
        const { tuning, trials } = await measure(gpu, architecture, repetitions, onTrial, signal);
        if (signal.aborted) return; // half measured is not measured
        const file = writeTuning(report, tuning);
        const told = { adapter: report.name, tuning, trials, file };
        console.log(json ? JSON.stringify(told, null, 2) : asText(told));
      }),
    );
  },
};

function asText({ tuning, trials, file }: Told): string {
  const table = textTable(
    ['choice', { title: 'value', digits: 0 }, 'measured by', { title: 'ms', digits: 1 }, ''],
    trials.map(({ choice, value, work, seconds }) => [
      choice,
      value,
      work,
      seconds === null ? null : seconds * 1e3,
      tuning[choice] === value ? 'taken' : '',
    ]),
  );
  return `${table}\n\nKept in ${file}; "voxmask tune --reset" forgets it.`;
}

interface Told {
  readonly tuning: Readonly<Record<Trial['choice'], number>>;
  readonly trials: readonly Trial[];
  readonly file: string;
}

function shown(seconds: number | null): string {
  return seconds === null ? 'refused' : `${(seconds * 1e3).toFixed(1)} ms`;
}
