import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Atlas, alignedAtlas, readAtlas } from '../../cohort/atlas.ts';
import { type Cohort, readCohort } from '../../cohort/cohort.ts';
import { InputError } from '../../cohort/error.ts';
import { readVolume } from '../../cohort/nifti.ts';
import { resample } from '../../cohort/resample.ts';
import { firstSessions, type Session } from '../../cohort/session.ts';
import { refuseLeaks } from '../../cohort/splits/leaks.ts';
import { participantsOf, readSplit } from '../../cohort/splits/split-table.ts';
import { describeGrid, describeGrids, type Grid, sameGrid } from '../../cohort/volume.ts';
import { ImageStore } from '../../model/images.ts';
import { type Model, modelFile, readModel } from '../../model/model-file.ts';

/** Which images a group mask is fitted on. */
export type FitOn = 'train' | 'train+validation';

/** Where a group mask's inputs come from. */
export interface MaskSources {
  readonly model: string;
  readonly cohort: string;
  /** the split's table; null for split.tsv beside the model */
  readonly split: string | null;
  /** the cohort is one that the network has not seen: all its images serve to fit and to select on */
  readonly independent: boolean;
  readonly fitOn: FitOn;
  /** the class under study; null for the network's last one */
  readonly className: string | null;
  readonly atlas: { readonly image: string; readonly labels: string } | null;
  /** what a masked voxel becomes: a number, or the path of a volume on the images' grid */
  readonly mu: number | string;
  /** brings the atlas (nearest neighbour) and a volume as mu (trilinear) onto the images' grid */
  readonly resample: boolean;
}

/** The inputs as read. */
export interface MaskInputs {
  readonly model: Model;
  readonly className: string;
  readonly classIndex: number;
  readonly images: ImageStore;
  /** sessions of the class that may be fitted and selected on, before the network has been asked */
  readonly fit: readonly Session[];
  readonly select: readonly Session[];
  readonly atlas: Atlas | null;
  readonly mu: number | Float32Array;
}

/**
 * Reads everything that a group mask is made from but the images themselves.
 *
 * @throws InputError for what is missing or does not fit together
 */
export function readMaskInputs(given: MaskSources): MaskInputs {
  const sources = { ...given, model: modelFile(given.model) };
  const model = readModel(sources.model);
  const { classes } = model.architecture;
  const { className, classIndex } = classOf(model, sources.model, sources.className);
  const cohort = readCohort(sources.cohort, classes, { allowOneClass: true });
  const atlas = sources.atlas && readAtlas(sources.atlas.image, sources.atlas.labels);
  const { fit, select } = candidates(cohort, sources);
  const ofClass = (session: Session) => session.diagnosis === className;
  const [fitted, selected] = [fit.filter(ofClass), select.filter(ofClass)];
  const images = imagesFor(model, sources.model, [...new Set([...fitted, ...selected])], cohort);
  return {
    model,
    className,
    classIndex,
    images,
    fit: fitted,
    select: selected,
    atlas: atlas && alignedAtlas(atlas, images.grid, sources.resample),
    mu: readMu(sources, images.grid),
  };
}

/** The class under study: the one asked for, or the network's last one. @throws InputError for one that it does not know */
export function classOf({ architecture: { classes } }: Model, where: string, asked: string | null) {
  const className = asked ?? classes[classes.length - 1];
  const classIndex = classes.indexOf(className);
  if (classIndex >= 0) return { className, classIndex };
  throw new InputError(where, `knows no class ${className}`, `Choose one of ${classes.join(', ')}`);
}

/** Fitted on the training set, selected on the validation set, which has one session per participant (docs/method.md). */
function candidates(cohort: Cohort, sources: MaskSources) {
  const file = sources.split ?? path.join(path.dirname(sources.model), 'split.tsv');
  if (sources.independent) {
    if (sources.split !== null || existsSync(file)) refuseKnown(file, cohort);
    return { fit: cohort.sessions, select: cohort.sessions };
  }
  if (sources.split === null && !existsSync(file)) {
    throw new InputError(
      file,
      'does not exist, so it is not known which images the network was trained with',
      'Give the split with --split FILE, or --independent for a cohort that the network has not seen',
    );
  }
  const { train, validation } = readSplit(file, cohort);
  const select = firstSessions(validation);
  return { fit: sources.fitOn === 'train' ? train : [...train, ...select], select };
}

/** A cohort that the network has not seen holds nobody who trained or validated it. @throws InputError naming who did */
function refuseKnown(split: string, cohort: Cohort): void {
  const known = [...participantsOf(split, 'train'), ...participantsOf(split, 'validation')];
  refuseLeaks({
    "the network's": known.map((participantId) => ({ participantId })),
    independent: cohort.sessions,
  });
}

/** The sessions' images on the model's own grid where it records one; else on that of most of them. */
function imagesFor(
  model: Model,
  modelPath: string,
  sessions: readonly Session[],
  cohort: Cohort,
): ImageStore {
  const { intensity } = model;
  if (model.grid) {
    const images = new ImageStore(model.grid, { intensity });
    images.expect(sessions);
    return images;
  }
  const images = ImageStore.of(sessions.length > 0 ? sessions : cohort.sessions, { intensity });
  const { inputShape } = model.architecture;
  if (inputShape.every((size, axis) => size === images.grid.shape[axis])) return images;
  throw new InputError(
    cohort.sessions[0].path,
    `has ${describeGrid(images.grid)}, but ${modelPath} takes ${inputShape.join(' x ')} voxels`,
    'Give images made like those that the network was trained with',
  );
}

/** What masked voxels become, on the images' grid. @throws InputError for a volume on another one */
export function readMu(
  { mu, resample: mayResample }: Pick<MaskSources, 'mu' | 'resample'>,
  grid: Grid,
): number | Float32Array {
  if (typeof mu === 'number') return mu;
  const volume = readVolume(mu);
  if (sameGrid(volume.grid, grid)) return volume.data;
  if (mayResample) return resample(volume.data, volume.grid, grid, 'trilinear');
  const [its, wanted] = describeGrids(volume.grid, grid);
  throw new InputError(
    mu,
    `lies on another grid than the images: ${its}, where ${wanted} are wanted`,
    "Give --resample to bring it onto the images' grid (trilinear)",
  );
}
