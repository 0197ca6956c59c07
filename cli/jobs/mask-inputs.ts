import { existsSync } from 'node:fs';
import { type Atlas, alignedAtlas, readAtlas } from '../../cohort/atlas.ts';
import type { Cohort } from '../../cohort/cohort.ts';
import { InputError } from '../../cohort/error.ts';
import { listed } from '../../cohort/listed.ts';
import { firstSessions, type Session } from '../../cohort/session.ts';
import { refuseLeaks } from '../../cohort/splits/leaks.ts';
import { participantsOf, readSplit } from '../../cohort/splits/split-table.ts';
import { describeGrid } from '../../cohort/volume.ts';
import { ImageStore } from '../../model/images.ts';
import { type Model, readModel } from '../../model/model-file.ts';
import { modelFile, splitBeside } from '../../model/model-folder.ts';
import { findMu, type Mu } from './mask-mu.ts';
import { readNotedCohort } from './noted-cohort.ts';
import { refuseKnownCopies } from './twins.ts';

/** Which images a group mask is fitted on. */
export type FitOn = 'train' | 'train+validation';

/** Where a group mask's inputs come from. */
export interface MaskSources {
  readonly model: string;
  readonly cohort: string;
  /** the split's table; null for that of the model's training */
  readonly split: string | null;
  /** the cohort is one that the network has not seen: all its images serve to fit and to select on */
  readonly independent: boolean;
  readonly fitOn: FitOn;
  /** the class under study; null for the network's last one */
  readonly className: string | null;
  readonly atlas: { readonly image: string; readonly labels: string } | null;
  /** what a masked voxel becomes: a number, the path of a volume on the images' grid, `cn-mean` or `per-session` */
  readonly mu: number | string;
  /** brings the atlas (nearest neighbour) and a volume as mu (trilinear) onto the images' grid */
  readonly resample: boolean;
}

/** The inputs as read. */
export interface MaskInputs extends MaskTarget {
  readonly images: ImageStore;
  /** sessions of the class that may be fitted and selected on, before the network has been asked */
  readonly fit: readonly Session[];
  readonly select: readonly Session[];
  readonly atlas: Atlas | null;
  readonly mu: Mu;
}

/**
 * Reads everything that a group mask is made from but the images themselves.
 *
 * @throws InputError for what is missing or does not fit together
 */
export function readMaskInputs(given: MaskSources): MaskInputs {
  const target = readTarget(given);
  const { model, className } = target;
  const sources = { ...given, model: target.path };
  const cohort = readNotedCohort(sources.cohort, model.architecture.classes, { allowOneClass: true });
  const atlas = sources.atlas && readAtlas(sources.atlas.image, sources.atlas.labels);
  const { fit, select } = candidates(cohort, sources);
  const ofClass = (session: Session) => session.diagnosis === className;
  const sides = { fit: fit.filter(ofClass), select: select.filter(ofClass) };
  const asked = [...new Set([...sides.fit, ...sides.select])];
  const images = imagesFor(model, target.path, asked.length > 0 ? asked : cohort.sessions);
  return {
    ...target,
    images,
    ...sides,
    atlas: atlas && alignedAtlas(atlas, images.grid, sources.resample),
    mu: findMu({ ...sources, grid: images.grid, known: fit, sessions: [...sides.fit, ...sides.select] }),
  };
}

/**
 * An independent cohort holds no copy of an image that the network knows, under another name either.
 *
 * @throws InputError naming the copies
 */
export async function refuseKnownImages(
  { independent, cohort, split }: Pick<MaskSources, 'independent' | 'cohort' | 'split'>,
  { path: model, fit, select }: MaskInputs,
): Promise<void> {
  if (independent)
    await refuseKnownCopies(cohort, [...new Set([...fit, ...select])], split ?? splitBeside(model));
}

/** A network, and the class whose output masks push down. */
export interface MaskTarget {
  /** the model's file */
  readonly path: string;
  readonly model: Model;
  readonly className: string;
  readonly classIndex: number;
}

/** Reads the network and finds the class. @throws InputError when the file is no model, or knows no such class */
export function readTarget(given: Pick<MaskSources, 'model' | 'className'>): MaskTarget {
  const file = modelFile(given.model);
  const model = readModel(file);
  return { path: file, model, ...classOf(model, file, given.className) };
}

/** The class under study: the one asked for, or the network's last one. @throws InputError for one that it does not know */
export function classOf({ architecture: { classes } }: Model, where: string, asked: string | null) {
  const className = asked ?? classes[classes.length - 1];
  const classIndex = classes.indexOf(className);
  if (classIndex >= 0) return { className, classIndex };
  throw new InputError(where, `knows no class ${className}`, `Choose one of ${listed(classes)}`);
}

/** Fitted on the training set, selected on the validation set, which has one session per participant (docs/method.md). */
function candidates(cohort: Cohort, sources: MaskSources) {
  const file = sources.split ?? splitBeside(sources.model);
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

/**
 * The sessions' images on the model's own grid where it records one; else on that of most of them.
 *
 * @param sessions at least one
 * @throws InputError that names every image that cannot be used; or when they have another shape than the network takes
 */
export function imagesFor(model: Model, modelPath: string, sessions: readonly Session[]): ImageStore {
  const { intensity } = model;
  if (model.grid) {
    const images = new ImageStore(model.grid, { intensity });
    images.expect(sessions);
    return images;
  }
  const images = ImageStore.of(sessions, { intensity });
  const { inputShape } = model.architecture;
  if (inputShape.every((size, axis) => size === images.grid.shape[axis])) return images;
  throw new InputError(
    sessions[0].path,
    `has ${describeGrid(images.grid)}, but ${modelPath} takes ${inputShape.join(' x ')} voxels`,
    'Give images made like those that the network was trained with',
  );
}
