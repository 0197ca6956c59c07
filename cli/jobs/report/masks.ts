import { existsSync } from 'node:fs';
import path from 'node:path';
import { readVolume } from '../../../cohort/nifti.ts';
import { readTable } from '../../../cohort/table.ts';
import { sameGrid, type Volume } from '../../../cohort/volume.ts';
import { type Mark, marksOf, readState, stateText, unrecordedState } from '../../../masking/mask-state.ts';
import type { MaskReport } from '../../../report/page/data.ts';
import { attempt, type Context, cohortName, networkName, resultsOf, warn } from './context.ts';
import { member, numberOf, textOf } from './numbers.ts';
import { foldAndRun, type Result } from './results.ts';
import type { Sealed, Shown } from './shown.ts';

/** A mask of the study, and where its files lie. */
export interface FoundMask extends Sealed<MaskReport> {
  readonly result: Result;
  readonly marks: readonly Mark[];
  /** the thresholded mask; null where it is missing */
  readonly file: string | null;
}

/** All group and session masks, without those of a grid or of a check. */
export function readMasks(context: Context): FoundMask[] {
  const others = resultsOf(context, 'grid', 'sanity', 'validate').map(({ place }) => `${place}/`);
  const gridUnits = (context.study?.units ?? []).filter(
    ({ command }) => command[0] === 'grid' || command[0] === 'sanity',
  );
  const apart = [...others, ...gridUnits.map(({ out }) => `${out}/`)];
  const isSession = ({ results }: Result) => typeof results.participantId === 'string';
  return resultsOf(context, 'mask group', 'mask session')
    .filter((result) => result.command === 'mask group' || isSession(result))
    .filter(
      ({ place, folder }) =>
        !apart.some((own) => own !== '/' && `${place}/`.startsWith(own)) &&
        !existsSync(path.join(folder, 'point.json')),
    )
    .map((result) => maskOf(context, result));
}

function maskOf(context: Context, result: Result): FoundMask {
  const { folder, place, options, results, command } = result;
  const { say, name, className, from } = context.identity;
  const kind = command === 'mask group' ? 'group' : 'session';
  const independent = options.independent === true;
  const { fold, run } = foldAndRun(place, options.model);
  const cohort = independent
    ? (cohortName(context, options.cohort) ?? say`independent cohort`)
    : say`training cohort`;
  const thresholded = path.join(folder, 'mask_thresholded.nii.gz');
  const [before, after] = ['before', 'after'].map((name) => numberOf(member(results, 'probabilities', name)));
  const touchedShare = numberOf(results.touchedShare);
  const state = readState(results.state) ?? unrecordedState(touchedShare ?? Number.NaN);
  const own =
    kind === 'session' ? sessionName(context, results) : networkName(context, { fold, run }, say`group mask`);
  return {
    id: name('result', place.replaceAll('/', '_') || 'mask'),
    name: kind === 'group' && independent ? say`${own}, ${cohort}` : own,
    kind,
    cohort,
    independent,
    fold,
    run,
    className: className(textOf(results.className) ?? textOf(options.className) ?? 'AD'),
    probabilities: before !== null && after !== null ? { before, after } : null,
    touchedShare,
    images: kind === 'session' ? 1 : numberOf(member(results, 'fit', 'used')),
    steps: numberOf(results.steps),
    interrupted: results.interrupted === true,
    state: from(stateText, state),
    lastFall: state.lastFall,
    marks: marksOf(state),
    regions: regionsIn(context, folder),
    result,
    file: existsSync(thresholded) ? thresholded : null,
  };
}

function sessionName({ identity }: Context, { participantId, sessionId }: Result['results']): Shown {
  const [participant, session] = [String(participantId), String(sessionId)];
  return identity.say`${identity.participant(participant)} ${identity.session(participant, session)}`;
}

function regionsIn(context: Context, folder: string): FoundMask['regions'] {
  const file = path.join(folder, 'regions.tsv');
  const table = existsSync(file)
    ? attempt(context, context.identity.file(file), () => readTable(file))
    : null;
  return (table?.rows ?? [])
    .flatMap(({ name, density }) => {
      const value = numberOf(density);
      return value === null ? [] : [{ name: context.identity.region(name), density: value }];
    })
    .sort((a, b) => b.density - a.density);
}

/** A mask as it lies on disk. */
export interface LoadedMask {
  readonly mask: FoundMask;
  readonly data: Float32Array;
}

/** Reads thresholded masks; one that cannot be read, or lies on another grid than the first, is left out and named. */
export function loadMasks(
  context: Context,
  masks: readonly FoundMask[],
): { volume: Volume; loaded: LoadedMask[] } | null {
  const { say } = context.identity;
  let first: Volume | null = null;
  const loaded: LoadedMask[] = [];
  for (const mask of masks) {
    const { file, name } = mask;
    const volume = file === null ? null : attempt(context, say`mask ${name}`, () => readVolume(file));
    if (!volume) continue;
    first ??= volume;
    if (sameGrid(first.grid, volume.grid)) loaded.push({ mask, data: volume.data });
    else
      warn(context, 'warning', say`The mask ${name} lies on another grid than the others and is not shown.`);
  }
  return first && { volume: first, loaded };
}

/** The mean of masks, voxel by voxel. */
export function meanMask(masks: readonly Float32Array[]): Float32Array {
  const mean = new Float32Array(masks[0].length);
  for (const mask of masks) for (let i = 0; i < mean.length; i++) mean[i] += mask[i] / masks.length;
  return mean;
}
