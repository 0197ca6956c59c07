import { InputError } from '../error.ts';
import { writeFileAtomic } from '../files.ts';
import { storageFor, writeVolume } from '../nifti.ts';
import { formatTable } from '../table.ts';
import type { SimulateOptions } from './options.ts';
import type { Participant } from './participant.ts';
import type { Source } from './source.ts';

const sessionId = 'ses-M000';

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

/** Where a participant's map goes, relative to the cohort's folder. */
export function imagePath({ id }: Participant, fromTemplate: boolean): string {
  const space = fromTemplate ? 'Template' : 'Ixi549Space';
  return `images/${id}_${sessionId}_space-${space}_desc-simulated_probability.nii.gz`;
}

/** Writes a map as SPM does an unmodulated one: uint8, slope 1/255. */
export function writeMap(file: string, map: Float32Array, source: Source): void {
  writeVolume(file, map, source, {
    datatype: 'uint8',
    slope: 1 / 255,
    description: 'simulated gray-matter probability',
  });
}

/** Writes the cohort's table, its paths relative to itself so that the folder can be moved. */
export function writeCohortTable(
  file: string,
  participants: readonly Participant[],
  fromTemplate: boolean,
): void {
  const rows = participants.map((participant) => ({
    participant_id: participant.id,
    session_id: sessionId,
    diagnosis: participant.diagnosis,
    age: participant.age.toFixed(1),
    sex: participant.sex,
    path: imagePath(participant, fromTemplate),
  }));
  writeFileAtomic(file, formatTable(Object.keys(rows[0]), rows));
}

/** Writes what is known of a simulated cohort and of no real one: which regions were atrophied, in whom, by how much. */
export function writeTruth(
  file: string,
  options: SimulateOptions,
  planted: readonly string[],
  regions: readonly string[],
  participants: readonly Participant[],
): void {
  const { participantsPerClass, strength, resolution, seed, template } = options;
  const rounded = (value: number) => Number(value.toFixed(6));
  const truth = {
    seed,
    strength,
    atrophiedRegions: planted,
    options: {
      participantsPerClass,
      strength,
      ...(template ? { template } : { resolution }),
      seed,
      regions: planted,
    },
    participants: participants.map((participant) => ({
      participantId: participant.id,
      diagnosis: participant.diagnosis,
      globalFactor: rounded(participant.globalFactor),
      regionalFactors: Object.fromEntries(
        regions.map((name, i) => [name, rounded(participant.regionalFactors[i])]),
      ),
      losses: Object.fromEntries([...participant.losses].map(([name, loss]) => [name, rounded(loss)])),
    })),
  };
  writeFileAtomic(file, `${JSON.stringify(truth, null, 2)}\n`);
}
