import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../error.ts';
import { checkOptions, plantedRegions, type SimulateOptions } from './options.ts';
import { classes, drawParticipant } from './participant.ts';
import { Renderer } from './render.ts';
import { formulaSource, templateSource } from './source.ts';
import { imagePath, writeAtlas, writeCohortTable, writeMap, writeTruth } from './write.ts';

export { defaultRegions, type SimulateOptions, simulateDefaults } from './options.ts';

/** Absolute paths of what was written, and the regions where AD differs from CN. */
export interface SimulatedCohort {
  readonly cohort: string;
  readonly atlas: string;
  readonly labels: string;
  readonly truth: string;
  readonly plantedRegions: string[];
}

/**
 * Makes a cohort whose truth is known: gray-matter probability maps of CN and AD participants, drawn from a brain made
 * by formula (or from a template), who differ by smooth warps and by global and regional factors; AD participants have
 * lost gray matter in the planted regions and nowhere else. One baseline session each.
 *
 * Writes images/ (uint8 with slope 1/255, LAS, or as the template is stored), atlas.nii.gz (int16, RAS), atlas.tsv,
 * truth.json and, last, cohort.tsv. The voxels are a function of the options: sine and exponential may differ in their
 * last bit between platforms, which rounding to 1/255 hides but for a voxel in some 10^10.
 *
 * @param directory made if missing
 * @param onProgress called after every participant
 * @throws InputError for an option that cannot be, a folder that holds a cohort, or a template that cannot be used
 */
export function simulateCohort(
  directory: string,
  options: SimulateOptions,
  onProgress: (done: number, total: number) => void = () => {},
): SimulatedCohort {
  checkOptions(options);
  const place = (name: string) => path.resolve(directory, name);
  const files = {
    cohort: place('cohort.tsv'),
    atlas: place('atlas.nii.gz'),
    labels: place('atlas.tsv'),
    truth: place('truth.json'),
  };
  refuseToOverwrite(directory, files.cohort, options);
  const source = options.template ? templateSource(options.template) : formulaSource(options.resolution);
  const regions = source.brain.regions.map(({ name }) => name);
  const planted = plantedRegions(options.regions, regions);
  const participants = classes.flatMap((_, classIndex) =>
    Array.from({ length: options.participantsPerClass }, (_, index) =>
      drawParticipant(options.seed, classIndex, index, regions, planted, options.strength),
    ),
  );

  // The table comes last and goes first: where it stands, the rest is whole.
  rmSync(files.cohort, { force: true });
  writeAtlas(source, files.atlas, files.labels);
  const renderer = new Renderer(source.brain, source.grid, planted);
  const fromTemplate = options.template !== undefined;
  participants.forEach((participant, i) => {
    writeMap(place(imagePath(participant, fromTemplate)), renderer.render(participant), source);
    onProgress(i + 1, participants.length);
  });
  writeTruth(files.truth, options, planted, regions, participants);
  writeCohortTable(files.cohort, participants, fromTemplate);
  return { ...files, plantedRegions: planted };
}

function refuseToOverwrite(directory: string, cohort: string, { overwrite }: SimulateOptions): void {
  if (overwrite || !existsSync(cohort)) return;
  throw new InputError(directory, 'holds a cohort already', 'Choose another folder, or ask to overwrite it');
}
