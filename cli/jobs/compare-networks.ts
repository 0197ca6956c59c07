import { existsSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../../cohort/error.ts';
import { listed } from '../../cohort/listed.ts';
import { readGrid, readVolume } from '../../cohort/nifti.ts';
import { firstSessions, type Session, sessionKey } from '../../cohort/session.ts';
import { describeGrids, type Grid, sameGrid } from '../../cohort/volume.ts';
import { type Model, readModel } from '../../model/model-file.ts';
import { modelFile } from '../../model/model-folder.ts';
import { healthyMean, meanFile, muPathsOf, muPerSession } from './mask-mu.ts';
import type { MaskEntry } from './mask-sets.ts';
import { readNotedCohort } from './noted-cohort.ts';

/** Choices that stand above what the masks' sidecars tell. */
export interface NetworkChoice {
  /** one network for all masks */
  readonly model: string | null;
  readonly className: string | null;
  readonly mu: number | string | null;
  /** table of the cohort on whose images every network is asked: the first session of each participant of the class */
  readonly images: string | null;
}

/** A network, a class and a mu, with the masks that were made with them. */
export interface NetworkGroup {
  readonly file: string;
  readonly model: Model;
  readonly classIndex: number;
  /** a number, a volume, or the volume's file of each image, by the image's path */
  readonly mu: number | Float32Array | ReadonlyMap<string, string>;
  /** by place among the masks */
  readonly members: readonly { readonly place: number; readonly sessions: readonly Session[] }[];
}

/** Masks whose network or images are not known, and why; empty where probCNN can be computed. */
export function unknownNetworks(entries: readonly MaskEntry[], choice: NetworkChoice): string[] {
  return entries.flatMap(({ name, with: made }) => {
    const lacking = [
      ...(choice.model === null && made.model === null ? ['network'] : []),
      ...(choice.images === null && made.images === null ? ['images'] : []),
    ];
    return lacking.length > 0 ? [`${name}: its ${lacking.join(' and its ')} are not known`] : [];
  });
}

/**
 * The networks of masks, each read once, and the images each mask stands for.
 *
 * @param grid of the masks
 * @throws InputError for a network, table, image or mu that is missing or does not fit the masks
 */
export function networkGroups(
  entries: readonly MaskEntry[],
  choice: NetworkChoice,
  grid: Grid,
): NetworkGroup[] {
  const models = new Map<string, Model>();
  const tables = new Map<string, Session[]>();
  const groups = new Map<string, NetworkGroup & { members: NetworkGroup['members'][number][] }>();
  entries.forEach((entry, place) => {
    const file = path.resolve(modelFile(choice.model ?? entry.with.model!));
    const model = models.get(file) ?? readModel(file);
    models.set(file, model);
    requireGrid(model, file, grid, entry);
    const { classes } = model.architecture;
    const className = choice.className ?? entry.with.className ?? classes[classes.length - 1];
    const classIndex = classes.indexOf(className);
    if (classIndex < 0)
      throw new InputError(file, `knows no class ${className}`, `Choose one of ${listed(classes)}`);
    const mu = choice.mu ?? muBeside(entry) ?? 1;
    const read = (table: string) => {
      const id = JSON.stringify([table, classes]);
      const sessions = tables.get(id) ?? readNotedCohort(table, classes, { allowOneClass: true }).sessions;
      tables.set(id, sessions);
      return sessions;
    };
    const sessions = sessionsOf(entry, choice, className, read);
    const own = mu === muPerSession;
    const table = choice.images ?? entry.with.table;
    const key = JSON.stringify([file, className, mu, own && table && path.resolve(table)]);
    const group = groups.get(key) ?? {
      ...{ file, model, classIndex, members: [] },
      mu: own ? new Map<string, string>() : readMu(mu, grid, entry),
    };
    groups.set(key, group);
    if (own && group.mu instanceof Map)
      for (const [session, its] of muPathsOf(table, sessions)) {
        requireMuGrid(its, grid, entry);
        group.mu.set(session.path, its);
      }
    group.members.push({ place, sessions });
  });
  return [...groups.values()];
}

function sessionsOf(
  { name, with: made }: MaskEntry,
  { images: chosen }: NetworkChoice,
  className: string,
  read: (table: string) => readonly Session[],
): readonly Session[] {
  if (chosen !== null) {
    const sessions = firstSessions(read(chosen).filter(({ diagnosis }) => diagnosis === className));
    if (sessions.length > 0) return sessions;
    throw new InputError(chosen, `holds no ${className} image`, 'Give a table with images of the class');
  }
  const lacking: string[] = [];
  const found = (made.images ?? []).flatMap((image): Session[] => {
    if ('path' in image) return [lonely(image.path, name)];
    if (made.table === null) {
      lacking.push(`${image.participantId} ${image.sessionId}`);
      return [];
    }
    const session = read(made.table).find(
      ({ participantId, sessionId }) =>
        participantId === image.participantId && sessionKey(sessionId) === sessionKey(image.sessionId),
    );
    if (!session) lacking.push(`${image.participantId} ${image.sessionId}`);
    return session ? [session] : [];
  });
  if (lacking.length === 0) return found;
  throw new InputError(
    made.table ?? name,
    `lacks ${lacking.length} of the images that ${name} stands for: ${listed(lacking, ', ', 5)}`,
    'Give a table of images with --images, or leave probCNN out with --no-prob-cnn',
  );
}

/** An image that belongs to no cohort. */
function lonely(file: string, participantId: string): Session {
  const nothing = { age: null, sex: null, mmse: null, cdr: null };
  return { participantId, sessionId: '', diagnosis: '', ...nothing, path: path.resolve(file), line: 0 };
}

function requireGrid(
  { architecture, grid: own }: Model,
  file: string,
  grid: Grid,
  { name }: MaskEntry,
): void {
  const fits = architecture.inputShape.every((size, axis) => size === grid.shape[axis]);
  if (fits && (!own || sameGrid(own, grid))) return;
  throw new InputError(
    file,
    `takes images of another grid than the masks (${name}): ${architecture.inputShape.join(' x ')} voxels, ` +
      `the masks have ${grid.shape.join(' x ')}${fits ? ' in another place' : ''}`,
    'Give the network that the mask was made with, or --no-prob-cnn',
  );
}

/** A mask's own mu; of the healthy mean the volume that was kept with it, here or where all session masks lie. */
function muBeside({ file, with: { mu } }: MaskEntry): number | string | null {
  if (mu !== healthyMean) return mu;
  const folders = ['.', '..', '../..'].map((up) => path.resolve(path.dirname(file), up));
  return folders.map((folder) => path.join(folder, meanFile)).find((kept) => existsSync(kept)) ?? mu;
}

function readMu(mu: number | string, grid: Grid, entry: MaskEntry): number | Float32Array {
  if (typeof mu === 'number') return mu;
  if (!existsSync(mu)) {
    throw new InputError(
      entry.name,
      `its mu (${mu}) is no number and no file`,
      'Give a number or a volume with --mu, or leave probCNN out with --no-prob-cnn',
    );
  }
  requireMuGrid(mu, grid, entry);
  return readVolume(mu).data;
}

function requireMuGrid(mu: string, grid: Grid, { name }: MaskEntry): void {
  const its = readGrid(mu);
  if (sameGrid(its, grid)) return;
  const [found, wanted] = describeGrids(its, grid);
  throw new InputError(
    mu,
    `the mu of ${name} lies on another grid than the masks: ${found}, where ${wanted} are wanted`,
    'Give another mu with --mu, or --no-prob-cnn',
  );
}
