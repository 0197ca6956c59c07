import path from 'node:path';
import { removeFile } from '../files.ts';
import { OutputFolder } from '../output/folder.ts';
import { refuseLongNames } from '../output/names.ts';
import { capsImagePath, writeBidsTables, writeVariants } from './caps.ts';
import { refuseToOverwrite } from './earlier.ts';
import { finishMap } from './finish.ts';
import { checkOptions, plantedRegions, type SimulateOptions } from './options.ts';
import { classes } from './participant.ts';
import { type PlannedVisit, planCohort } from './plan.ts';
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
  /** by label */
  readonly sessions: Readonly<Record<string, number>>;
}

/**
 * Makes a cohort whose truth is known: gray-matter probability maps of CN and AD participants, drawn from a brain made
 * by formula (or from a template), who differ by smooth warps and by global and regional factors; AD participants have
 * lost gray matter in the planted regions and nowhere else. One baseline session each, unless a study with follow-up,
 * subtypes, failures and the like is asked for.
 *
 * Writes truth.json, atlas.nii.gz (int16, RAS), atlas.tsv, the maps (uint8 with slope 1/255, LAS, or as the template is
 * stored) in images/ or in a CAPS tree with tables, and, last, cohort.tsv. The voxels are a function of the options:
 * sine and exponential may differ in their last bit between platforms, which rounding to 1/255 hides but for a voxel in
 * some 10^10.
 *
 * @param directory made if missing
 * @param onProgress called after every session
 * @throws InputError for an option that cannot be, a folder that holds a cohort or another study's CAPS tree, or a
 *   template that cannot be used
 */
export function simulateCohort(
  directory: string,
  options: SimulateOptions,
  onProgress: (done: number, total: number) => void = () => {},
): SimulatedCohort {
  checkOptions(options);
  const place = (name: string) => path.join(directory, name);
  const files = {
    cohort: place('cohort.tsv'),
    atlas: place('atlas.nii.gz'),
    labels: place('atlas.tsv'),
    truth: place('truth.json'),
  };
  const output = OutputFolder.open(directory, { by: 'simulate', overwrite: options.overwrite ?? false });
  try {
    refuseToOverwrite(output, options);
    const source = options.template ? templateSource(options.template) : formulaSource(options.resolution);
    const regions = source.brain.regions.map(({ name }) => name);
    const planted = plantedRegions(options.regions, regions, options.side);
    const plan = planCohort(options, regions, planted);
    const caps = options.layout === 'caps';
    const images = plan.visits.map((visit) =>
      place(caps ? capsImagePath(visit) : imagePath(visit, options.template !== undefined)),
    );

    refuseLongNames(images);

    // The table comes last and goes first: where it stands, the rest is whole. An earlier tree's participants would be taken for
    // the new cohort's.
    removeFile(files.cohort);
    output.removeAll();
    writeTruth(files.truth, options, planted, regions, plan);
    writeAtlas(source, files.atlas, files.labels);
    const renderer = new Renderer(source.brain, source.grid, [...planted, ...plan.subtypes.flat()]);
    plan.visits.forEach((visit, i) => {
      const map = finishMap(renderer.render(visit.appearance), source.grid, options.site, visit.failure);
      writeMap(images[i], map, source);
      if (caps && options.variants) writeVariants(path.resolve(directory), visit, map, source);
      onProgress(i + 1, plan.visits.length);
    });
    if (caps) writeBidsTables(path.resolve(directory), plan.visits);
    writeCohortTable(files.cohort, plan.visits, images, options.covariates === true);
    return { ...files, plantedRegions: planted, sessions: countSessions(plan.visits) };
  } finally {
    output.close();
  }
}

/** Sessions by the label that the table gives them. */
function countSessions(visits: readonly PlannedVisit[]): Record<string, number> {
  return Object.fromEntries(
    classes.map((name) => [name, visits.filter(({ label }) => label === name).length]),
  );
}
