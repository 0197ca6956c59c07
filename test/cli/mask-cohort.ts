import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Cohort, readCohort } from '../../cohort/cohort.ts';
import { writeFileAtomic } from '../../cohort/files.ts';
import { plainIntensity } from '../../cohort/intensity.ts';
import { readVolume, storageFor, writeVolume } from '../../cohort/nifti.ts';
import { type SimulatedCohort, simulateCohort } from '../../cohort/simulate/index.ts';
import { stratifiedFold } from '../../cohort/splits/folds.ts';
import { formatSplit } from '../../cohort/splits/split-table.ts';
import { formatTable } from '../../cohort/table.ts';
import { objectiveDefaults } from '../../masking/objective.ts';
import type { Architecture } from '../../model/architecture.ts';
import { writeModel } from '../../model/model-file.ts';
import { initialWeights } from '../../model/weights.ts';

/** A small simulated cohort, a split of it, and networks that call every image by one class. */
export interface MaskCohort {
  readonly folder: string;
  readonly files: SimulatedCohort;
  readonly cohort: Cohort;
  /** a network that calls every image AD, beside its split.tsv */
  readonly model: string;
  /** a network that calls every image CN, beside the same split */
  readonly modelOfCn: string;
  readonly split: string;
}

const classes = ['CN', 'AD'];

/** 6 participants per class at 6 mm; fold 0 of 3 is for validation: 4 AD to fit on, 2 to select on. */
export function maskCohort(): MaskCohort {
  const folder = mkdtempSync(path.join(tmpdir(), 'voxmask-mask-'));
  const files = simulateCohort(path.join(folder, 'cohort'), {
    participantsPerClass: 6,
    strength: 0.3,
    resolution: 6,
    seed: 1,
  });
  const cohort = readCohort(files.cohort, classes);
  const model = writeBiasedModel(path.join(folder, 'ad'), cohort, 'AD');
  const modelOfCn = writeBiasedModel(path.join(folder, 'cn'), cohort, 'CN');
  return { folder, files, cohort, model, modelOfCn, split: path.join(folder, 'ad', 'split.tsv') };
}

/** A network of random weights whose last bias decides for one class, with the split that it may have been trained with. */
export function writeBiasedModel(folder: string, cohort: Cohort, says: string): string {
  const { grid } = readVolume(cohort.sessions[0].path);
  const architecture: Architecture = {
    inputShape: grid.shape,
    channels: [4, 8],
    subBlocks: [1, 1],
    reduction: 'maxpool',
    fcLayers: 1,
    dropout: 0.5,
    classes,
  };
  const weights = initialWeights(architecture, 1);
  const bias = weights.get('fc.FC0.0.bias');
  classes.forEach((name, i) => {
    if (bias) bias.data[i] = name === says ? 1.5 : -1.5;
  });
  const model = path.join(folder, 'model.safetensors');
  writeModel(model, { architecture, weights, grid, intensity: plainIntensity });
  writeFileAtomic(path.join(folder, 'split.tsv'), formatSplit({ ...stratifiedFold(cohort, 3, 0, 2) }));
  return model;
}

/**
 * The same images as another cohort, stored RAS.
 *
 * @param prefix of its participants' identifiers, after `sub-`
 * @returns the path of its table
 */
export function storedRas({ cohort, folder }: MaskCohort, prefix = ''): string {
  const table = path.join(folder, `ras${prefix}`, 'cohort.tsv');
  const rows = cohort.sessions.map((session, i) => {
    const { grid, data } = readVolume(session.path);
    const name = `${i}.nii.gz`;
    writeVolume(path.join(path.dirname(table), name), data, { grid, storage: storageFor(grid, 'RAS') });
    return {
      participant_id: session.participantId.replace('sub-', `sub-${prefix}`),
      session_id: session.sessionId,
      diagnosis: session.diagnosis,
      path: name,
    };
  });
  writeFileAtomic(table, formatTable(['participant_id', 'session_id', 'diagnosis', 'path'], rows));
  return table;
}

/** What is asked for a group mask of the cohort by default, with a checkpoint between any two steps. @param out below its folder */
export function plainMask({ folder, files, model }: MaskCohort, out: string) {
  return {
    model,
    cohort: files.cohort,
    out: path.join(folder, out),
    overwrite: false,
    split: null,
    independent: false,
    fitOn: 'train',
    className: null,
    atlas: { image: files.atlas, labels: files.labels },
    objective: objectiveDefaults,
    mu: 1,
    resample: false,
    checkpointSeconds: 0,
  } as const;
}
