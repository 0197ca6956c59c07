import path from 'node:path';
import { InputError } from '../../cohort/error.ts';
import { readVolume, writeVolume } from '../../cohort/nifti.ts';
import { noteNaN } from '../../cohort/reading-notes.ts';
import { resample } from '../../cohort/resample.ts';
import type { Session } from '../../cohort/session.ts';
import { isMissing, readTable, requireColumns } from '../../cohort/table.ts';
import { pathFromTable } from '../../cohort/table-path.ts';
import { describeGrids, type Grid, type Storage, sameGrid } from '../../cohort/volume.ts';
import type { Gpu } from '../../engine/gpu.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { ImageStore } from '../../model/images.ts';

/** mu as the voxel-wise mean of healthy images. */
export const healthyMean = 'cn-mean';
/** mu as a volume of each session, which a column of the cohort's table names. */
export const muPerSession = 'per-session';
const muColumn = 'mu_path';
const healthy = 'CN';

/** What a masked voxel becomes: a number, a volume, the mean of sessions' images, or a volume of each session. */
export type Mu =
  | number
  | Float32Array
  | { readonly meanOf: readonly Session[] }
  | { readonly pathOf: ReadonlyMap<Session, string> };

/** What mu is read from. */
export interface MuSources {
  /** a number, `cn-mean`, `per-session`, or the path of a volume */
  readonly mu: number | string;
  /** brings a volume of another grid onto the images' one */
  readonly resample: boolean;
  /** the cohort's table; null for a single image */
  readonly cohort: string | null;
  readonly grid: Grid;
  /** the sessions that `cn-mean` may be taken over */
  readonly known: readonly Session[];
  /** the sessions that need a mu */
  readonly sessions: readonly Session[];
}

/** Finds mu; images and volumes of sessions are read later. @throws InputError when it is not there, or does not fit */
export function findMu(sources: MuSources): Mu {
  if (sources.mu === healthyMean) return { meanOf: healthySessions(sources) };
  if (sources.mu === muPerSession) return { pathOf: muPathsOf(sources.cohort, sources.sessions) };
  return readMu(sources, sources.grid);
}

/** What masked voxels become, on the images' grid. @throws InputError for a volume on another one */
export function readMu(
  { mu, resample: mayResample }: Pick<MuSources, 'mu' | 'resample'>,
  grid: Grid,
): number | Float32Array {
  if (typeof mu === 'number') return mu;
  const volume = readVolume(mu);
  noteNaN(mu, volume.nanCount);
  if (sameGrid(volume.grid, grid)) return volume.data;
  if (mayResample) return resample(volume.data, volume.grid, grid, 'trilinear');
  const [its, wanted] = describeGrids(volume.grid, grid);
  throw new InputError(
    mu,
    `lies on another grid than the images: ${its}, where ${wanted} are wanted`,
    "Give --resample to bring it onto the images' grid (trilinear)",
  );
}

function healthySessions({ cohort, known }: MuSources): Session[] {
  const found = known.filter(({ diagnosis }) => diagnosis === healthy);
  if (found.length > 0) return found;
  throw new InputError(
    cohort ?? `--mu ${healthyMean}`,
    `there is no ${healthy} image to take the mean of`,
    `Give a cohort with ${healthy} sessions, or another --mu`,
  );
}

/**
 * The volumes that the column `mu_path` of a cohort's table gives its sessions.
 *
 * @param cohort the table; null for images that belong to none
 * @throws InputError without a table or the column, or for a session without a volume
 */
export function muPathsOf(cohort: string | null, sessions: readonly Session[]): Map<Session, string> {
  if (cohort === null)
    throw new InputError(`--mu ${muPerSession}`, 'needs a cohort', 'Give --cohort, or the path of a volume');
  const table = readTable(cohort);
  requireColumns(table, [muColumn]);
  const folder = path.dirname(path.resolve(cohort));
  return new Map(
    sessions.map((session) => {
      const cell = table.rows[session.line - 2][muColumn];
      if (!isMissing(cell)) return [session, pathFromTable(folder, cell)];
      throw new InputError(`${cohort}, line ${session.line}`, `has no ${muColumn}`, 'Give every session one');
    }),
  );
}

/** mu where masks are made: what all have, and what each session has of its own. */
export interface PlacedMu {
  /** [1] or [x, y, z]; the caller releases it */
  readonly shared: Tensor;
  readonly muOf?: (session: Session) => Promise<Float32Array>;
  /** the mean of sessions' images, where mu is that */
  readonly mean?: Float32Array;
}

/**
 * Puts mu on the GPU.
 *
 * @param signal ends the mean of many images: its reason is thrown
 * @throws InputError when an image that it takes cannot be read or does not fit
 */
export async function placeMu(gpu: Gpu, mu: Mu, images: ImageStore, signal?: AbortSignal): Promise<PlacedMu> {
  const { shape } = images.grid;
  if (typeof mu === 'number') return { shared: gpu.full([1], mu, 'mu') };
  if (mu instanceof Float32Array) return { shared: gpu.tensor(shape, mu, 'mu') };
  if ('meanOf' in mu) {
    const mean = await images.mean(mu.meanOf, signal);
    return { shared: gpu.tensor(shape, mean, 'mu'), mean };
  }
  const volumes = new ImageStore(images.grid);
  return {
    shared: gpu.full([1], 1, 'mu'), // not asked: each session has its own
    muOf: (session) => volumes.load({ ...session, path: mu.pathOf.get(session)! }),
  };
}

/** The healthy mean that masks were made with, in the folder of the results. */
export const meanFile = 'mu.nii.gz';

/** Whether mu is kept beside the masks made with it. */
export function keepsMean(mu: Mu): boolean {
  return typeof mu === 'object' && 'meanOf' in mu;
}

/** Keeps the healthy mean beside the masks made with it, so that they can be asked about later. */
export function keepMean(out: string, mean: Float32Array, grid: Grid, storage: Storage): void {
  const description = `voxmask: mean of ${healthy} images`;
  writeVolume(path.join(out, meanFile), mean, { grid, storage }, { description });
}

/** The mu that all images have: a number or a volume. @throws InputError where each session has its own */
export async function oneMu(
  mu: Mu,
  images: ImageStore,
  signal?: AbortSignal,
): Promise<number | Float32Array> {
  if (typeof mu === 'number' || mu instanceof Float32Array) return mu;
  if ('meanOf' in mu) return images.mean(mu.meanOf, signal);
  throw new InputError(
    `--mu ${muPerSession}`,
    'is for masks only; this takes one mu for all images',
    `Give a number, a volume, or ${healthyMean}`,
  );
}

/** The same on the GPU, [1] or [x, y, z]; the caller releases it. @throws InputError as `oneMu` */
export async function placeOneMu(
  gpu: Gpu,
  mu: Mu,
  images: ImageStore,
  signal?: AbortSignal,
): Promise<Tensor> {
  const one = await oneMu(mu, images, signal);
  return typeof one === 'number' ? gpu.full([1], one, 'mu') : gpu.tensor(images.grid.shape, one, 'mu');
}
