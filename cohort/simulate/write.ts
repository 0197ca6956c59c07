import path from 'node:path';
import { InputError } from '../error.ts';
import { writeFileAtomic } from '../files.ts';
import { writeVolume } from '../nifti.ts';
import { storageFor } from '../nifti-fresh.ts';
import { formatTable } from '../table.ts';
import type { SimulateOptions } from './options.ts';
import type { Participant } from './participant.ts';
import type { Plan, PlannedVisit } from './plan.ts';
import type { Source } from './source.ts';
import { isStudy } from './study.ts';

/** Writes the atlas, stored RAS (the maps are not: whoever compares array to array is found out), and its table. */
export function writeAtlas(source: Source, image: string, table: string): void {
  const { regions } = source.brain;
  const unfit = regions.find(({ value }) => value < 0 || value > 32767);
  if (unfit) {
    throw new InputError(
      'atlas',
      `${unfit.name} has the label ${unfit.value}, which does not fit int16`,
      'Renumber the atlas from 1 to 32767',
    );
  }
  const labels = Float32Array.from(source.regionIndex, (region) => (region ? regions[region - 1].value : 0));
  const like = { grid: source.grid, storage: storageFor(source.grid, 'RAS') };
  writeVolume(image, labels, like, { datatype: 'int16', description: 'simulated cohort: regions' });
  const rows = [{ value: 0, name: 'Background' }, ...regions];
  writeFileAtomic(
    table,
    formatTable(
      ['roi_value', 'roi_name'],
      rows.map(({ value, name }) => ({ roi_value: String(value), roi_name: name })),
    ),
  );
}

/** Where a session's map goes in the plain layout, relative to the cohort's folder. */
export function imagePath(
  { participant, sessionId }: { readonly participant: { readonly id: string }; readonly sessionId: string },
  fromTemplate: boolean,
): string {
  const space = fromTemplate ? 'Template' : 'Ixi549Space';
  return `images/${participant.id}_${sessionId}_space-${space}_desc-simulated_probability.nii.gz`;
}

/** Writes a map as SPM does an unmodulated one: uint8, slope 1/255. */
export function writeMap(file: string, map: Float32Array, source: Source): void {
  writeVolume(file, map, source, {
    datatype: 'uint8',
    slope: 1 / 255,
    description: 'simulated gray-matter probability',
  });
}

/**
 * Writes the cohort's table.
 *
 * @param images the path of each visit's map; made relative to the table, so that the folder can be moved
 */
export function writeCohortTable(
  file: string,
  visits: readonly PlannedVisit[],
  images: readonly string[],
  covariates: boolean,
): void {
  const rows = visits.map(({ participant, sessionId, label, age, mmse, cdr }, i) => ({
    participant_id: participant.id,
    session_id: sessionId,
    diagnosis: label,
    age: age.toFixed(1),
    sex: participant.sex,
    ...(covariates && { mmse, cdr }),
    path: path.relative(path.dirname(file), images[i]),
  }));
  writeFileAtomic(file, formatTable(Object.keys(rows[0]), rows));
}

/**
 * Writes what is known of a simulated cohort and of no real one: which regions were atrophied, in whom, by how much; of a
 * study also what was decided about each session.
 */
export function writeTruth(
  file: string,
  options: SimulateOptions,
  planted: readonly string[],
  regions: readonly string[],
  { participants, visits, subtypes }: Plan,
): void {
  const { participantsPerClass, strength, resolution, seed, template, overwrite: _, ...more } = options;
  const truth = {
    seed,
    strength,
    atrophiedRegions: planted,
    options: {
      ...(isStudy(options) ? more : {}),
      participantsPerClass,
      strength,
      ...(template ? { template } : { resolution }),
      seed,
      regions: planted,
    },
    ...(subtypes.length > 0 && { subtypes }),
    participants: participants.map((participant) => participantTruth(participant, regions)),
    ...(isStudy(options) && { sessions: visits.map(sessionTruth) }),
  };
  writeFileAtomic(file, `${JSON.stringify(truth, null, 2)}\n`);
}

function participantTruth(participant: Participant, regions: readonly string[]) {
  return {
    participantId: participant.id,
    diagnosis: participant.diagnosis,
    globalFactor: rounded(participant.globalFactor),
    regionalFactors: Object.fromEntries(
      regions.map((name, i) => [name, rounded(participant.regionalFactors[i])]),
    ),
    losses: lossesOf(participant.losses),
  };
}

function sessionTruth({
  participant,
  sessionId,
  month,
  label,
  age,
  subtype,
  failure,
  appearance,
}: PlannedVisit) {
  return {
    participantId: participant.id,
    sessionId,
    month,
    diagnosis: participant.diagnosis,
    label,
    age: rounded(age),
    subtype,
    failure,
    globalFactor: rounded(appearance.globalFactor),
    losses: lossesOf(appearance.losses),
  };
}

function lossesOf(losses: ReadonlyMap<string, number>) {
  return Object.fromEntries([...losses].map(([name, loss]) => [name, rounded(loss)]));
}

function rounded(value: number): number {
  return Number(value.toFixed(6));
}
