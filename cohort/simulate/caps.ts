import path from 'node:path';
import { writeFileAtomic } from '../files.ts';
import { applyIntensity } from '../intensity.ts';
import { writeVolume } from '../nifti.ts';
import { formatTable } from '../table.ts';
import type { PlannedVisit } from './plan.ts';
import type { Source } from './source.ts';
import { writeMap } from './write.ts';

const group = 'group-Simulated';
const smoothing = 8; // mm, as Clinica's default
const variants = ['modulated-off', 'modulated-on', `modulated-on_fwhm-${smoothing}mm`] as const;
type Variant = (typeof variants)[number];
const participantsTable = path.join('bids', 'participants.tsv');

/** The folder of a session in a CAPS tree, relative to the cohort's folder. */
function spmFolder({ participant, sessionId }: PlannedVisit): string {
  return path.join('caps', 'subjects', participant.id, sessionId, 't1', 'spm');
}

function fileName({ participant, sessionId }: PlannedVisit, more: string): string {
  return `${participant.id}_${sessionId}_T1w_segm-graymatter_space-Ixi549Space_${more}_probability.nii.gz`;
}

/** Where Clinica's t1-volume leaves a session's unmodulated map, relative to the cohort's folder. */
export function capsImagePath(visit: PlannedVisit): string {
  return path.join(spmFolder(visit), 'segmentation', 'normalized_space', fileName(visit, 'modulated-off'));
}

/** Where the variants of a session's map go, by what is done to them. */
function variantPath(visit: PlannedVisit, more: Variant): string {
  return path.join(spmFolder(visit), 'dartel', group, fileName(visit, more));
}

function sessionsTable(id: string): string {
  return path.join('bids', id, `${id}_sessions.tsv`);
}

/** All files of a CAPS tree with its tables, relative to the cohort's folder. */
export function capsFiles(visits: readonly PlannedVisit[], withVariants: boolean): string[] {
  return [
    ...visits.map(capsImagePath),
    ...(withVariants
      ? visits.flatMap((visit) => variants.map((variant) => variantPath(visit, variant)))
      : []),
    ...visits.map(({ participant }) => sessionsTable(participant.id)),
    participantsTable,
  ];
}

/**
 * Writes what t1-volume leaves beside: the map registered to a group's template, unmodulated, modulated (times the local
 * change of volume, so that it may exceed 1), and modulated and smoothed.
 */
export function writeVariants(
  directory: string,
  visit: PlannedVisit,
  map: Float32Array,
  source: Source,
): void {
  const place = (variant: Variant) => path.join(directory, variantPath(visit, variant));
  writeMap(place('modulated-off'), map, source);
  // A head larger or smaller than the template's; with the participant's own factor, as volume has it.
  const modulated = map.map((value) => 1.15 * visit.appearance.globalFactor * value);
  writeVolume(place('modulated-on'), modulated, source, { description: 'simulated, modulated' });
  const smooth = applyIntensity(modulated, source.grid, { scale: 'none', smoothing }, 'simulated map');
  writeVolume(place(`modulated-on_fwhm-${smoothing}mm`), smooth, source, {
    description: `simulated, modulated, smoothed by ${smoothing} mm`,
  });
}

/** Writes a BIDS folder's tables as Clinica's converters do: participants.tsv, and each participant's sessions. */
export function writeBidsTables(directory: string, visits: readonly PlannedVisit[]): void {
  const byParticipant = new Map<string, PlannedVisit[]>();
  for (const visit of visits) {
    const { id } = visit.participant;
    byParticipant.set(id, [...(byParticipant.get(id) ?? []), visit]);
  }
  for (const [id, own] of byParticipant) {
    const rows = own.map(({ sessionId, age, label, mmse, cdr }) => ({
      session_id: sessionId,
      age: age.toFixed(2),
      diagnosis: label,
      MMS: mmse,
      cdr_global: cdr,
    }));
    const file = path.join(directory, sessionsTable(id));
    writeFileAtomic(file, formatTable(Object.keys(rows[0]), rows));
  }
  const participants = [...byParticipant].map(([id, [first]]) => ({
    participant_id: id,
    sex: first.participant.sex,
    diagnosis_sc: first.label,
  }));
  writeFileAtomic(
    path.join(directory, participantsTable),
    formatTable(['participant_id', 'sex', 'diagnosis_sc'], participants),
  );
}
