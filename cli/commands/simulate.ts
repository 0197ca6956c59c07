import path from 'node:path';
import type { CommandModule } from 'yargs';
import { simulateCohort } from '../../cohort/simulate/index.ts';
import { textTable } from '../../report/text-table.ts';
import { openOutput } from '../jobs/output.ts';
import { Progress } from '../progress.ts';
import { writeSidecar } from '../sidecar.ts';
import { type Arguments, optionsOf, simulateOptions } from './simulate-options.ts';

/** `voxmask simulate`: a cohort whose truth is known, to try the program on or to check a method with. */
export const simulate: CommandModule<object, Arguments> = {
  command: 'simulate <directory>',
  describe: 'Make a simulated cohort of gray-matter maps, with atrophy planted in known regions',
  builder: (yargs) =>
    yargs
      .positional('directory', {
        type: 'string',
        demandOption: true,
        describe: 'Folder to write; made if missing',
      })
      .options(simulateOptions)
      .example('$0 simulate cohort', '30 participants per class, voxels of 6 mm')
      .example('$0 simulate cohort --resolution 1.5', "the size of the paper's images")
      .example('$0 simulate control --strength 0', 'no difference between the classes')
      .example('$0 simulate left --regions Hippocampus_L', 'atrophy in one region only')
      .example('$0 simulate adni --layout caps --covariates --counts CN=330:1830,AD=336:1106', 'a study')
      .example('$0 simulate aibl --prefix AIBL --gamma 1.1 --smoothing 2 --failures eyes:3', 'another site'),
  handler: run,
};

function run(args: Arguments): void {
  const options = optionsOf(args);
  const startedAt = new Date();
  const output = openOutput(args.directory, { by: 'simulate', overwrite: options.overwrite ?? false });
  try {
    let progress: Progress | undefined;
    const written = simulateCohort(args.directory, options, (done, of) => {
      progress ??= new Progress('Simulating', of, { quiet: args.quiet });
      progress.update(done);
    });
    progress?.finish();
    const sidecar = writeSidecar(args.directory, 'simulate', {
      command: 'simulate',
      options: { ...options },
      seed: options.seed,
      startedAt,
      finishedAt: new Date(),
    });
    if (args.json) {
      console.log(
        JSON.stringify({ ...written, sidecar, participantsPerClass: options.participantsPerClass }, null, 2),
      );
      return;
    }
    const { CN, AD } = written.sessions;
    const folder = path.dirname(written.cohort);
    const images =
      options.layout === 'caps'
        ? [
            [path.join(folder, 'caps'), 'their gray-matter maps, as Clinica leaves them'],
            [path.join(folder, 'bids'), 'tables of participants and sessions'],
          ]
        : [[path.join(folder, 'images'), 'their gray-matter maps']];
    console.log(
      textTable(
        ['written', 'holds'],
        [
          [written.cohort, `${CN + AD} sessions: ${CN} CN and ${AD} AD`],
          ...images,
          [written.atlas, 'regions of interest'],
          [written.labels, 'their names'],
          [written.truth, 'what was planted, and in whom'],
          [sidecar, 'options, versions and times of this run'],
        ],
      ),
    );
    console.log(`\natrophy planted in ${written.plantedRegions.join(', ')}`);
  } finally {
    output.close();
  }
}
