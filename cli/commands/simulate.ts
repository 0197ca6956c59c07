import path from 'node:path';
import type { CommandModule } from 'yargs';
import { type SimulateOptions, simulateCohort, simulateDefaults } from '../../cohort/simulate/index.ts';
import { textTable } from '../../report/text-table.ts';
import { UsageError } from '../fail.ts';
import { jsonOption, listOption, numberOption, textOption } from '../options.ts';
import { Progress } from '../progress.ts';
import { writeSidecar } from '../sidecar.ts';

interface Arguments {
  directory: string;
  participants: number;
  strength: number;
  resolution: number;
  seed: number;
  regions: string[] | undefined;
  template: string | undefined;
  atlas: string | undefined;
  labels: string | undefined;
  overwrite: boolean;
  json: boolean;
  quiet?: boolean;
}

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
      .options({
        participants: numberOption('participants', {
          default: simulateDefaults.participantsPerClass,
          describe: 'Participants in each of the classes CN and AD',
        }),
        strength: numberOption('strength', {
          default: simulateDefaults.strength,
          describe: 'Mean fraction of gray matter lost in the planted regions, 0 to 0.8',
        }),
        resolution: numberOption('resolution', {
          default: simulateDefaults.resolution,
          describe: 'Voxel size in mm; a template keeps its own',
        }),
        seed: numberOption('seed', {
          default: simulateDefaults.seed,
          describe: 'Start of the random numbers',
        }),
        regions: listOption({
          describe: 'Planted regions, with commas between; medial temporal lobe by default',
        }),
        template: textOption({
          describe: 'Gray-matter map to start from instead of a brain made by formula',
        }),
        atlas: textOption({ describe: "Atlas of the template's regions" }),
        labels: textOption({ describe: "Table of the atlas's region names" }),
        overwrite: {
          type: 'boolean',
          default: false,
          describe: 'Write into a folder that holds a cohort already',
        },
        json: jsonOption,
      })
      .example('$0 simulate cohort', '30 participants per class, voxels of 6 mm')
      .example('$0 simulate cohort --resolution 1.5', "the size of the paper's images")
      .example('$0 simulate control --strength 0', 'no difference between the classes')
      .example('$0 simulate left --regions Hippocampus_L', 'atrophy in one region only'),
  handler: run,
};

function run(args: Arguments): void {
  const options = optionsOf(args);
  const startedAt = new Date();
  const progress = new Progress('Simulating', 2 * options.participantsPerClass, { quiet: args.quiet });
  const written = simulateCohort(args.directory, options, (done) => progress.update(done));
  progress.finish();
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
  const images = path.join(path.dirname(written.cohort), 'images');
  const perClass = options.participantsPerClass;
  console.log(
    textTable(
      ['written', 'holds'],
      [
        [written.cohort, `${2 * perClass} sessions: ${perClass} CN and ${perClass} AD`],
        [images, 'their gray-matter maps'],
        [written.atlas, 'regions of interest'],
        [written.labels, 'their names'],
        [written.truth, 'what was planted, and in whom'],
        [sidecar, 'options, versions and times of this run'],
      ],
    ),
  );
  console.log(`\natrophy planted in ${written.plantedRegions.join(', ')}`);
}

function optionsOf(args: Arguments): SimulateOptions {
  const { participants, strength, resolution, seed, regions, template, atlas, labels, overwrite } = args;
  const given = [template, atlas, labels].filter((name) => name !== undefined);
  if (given.length !== 0 && given.length !== 3) {
    throw new UsageError('--template, --atlas and --labels are given together', 'simulate');
  }
  return {
    participantsPerClass: participants,
    strength,
    resolution,
    seed,
    overwrite,
    ...(regions && { regions }),
    ...(template && atlas && labels && { template: { image: template, atlas, labels } }),
  };
}
