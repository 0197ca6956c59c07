import path from 'node:path';
import { readVolume } from '../../cohort/nifti.ts';
import { sessionName } from '../../cohort/session.ts';
import type { OpenGpu } from '../../engine/node/open.ts';
import { touchedShare } from '../../masking/effect.ts';
import { type GroupOptions, groupDefaults, type MaskEpoch } from '../../masking/group.ts';
import { judgeMask, type MaskState, readState, unrecordedState } from '../../masking/mask-state.ts';
import { type MaskLoss, type ObjectiveOptions, requireFit } from '../../masking/objective.ts';
import { type RegionUse, regionUse, topRegions } from '../../masking/regions.ts';
import type { ChanceTest } from '../../model/chance.ts';
import { writeSidecar } from '../sidecar.ts';
import { DatasetLinks } from './bids-uris.ts';
import { fileDigest } from './digest.ts';
import {
  datasetFiles,
  derivativePaths,
  describeDataset,
  withSidecars,
  writeDerivatives,
} from './mask-derivatives.ts';
import { type MaskPaths, maskMarker, maskPaths, writeMaskFiles } from './mask-files.ts';
import { makeGroupMask } from './mask-group-make.ts';
import { type MaskInputs, type MaskSources, readMaskInputs, refuseKnownImages } from './mask-inputs.ts';
import { keepMean, keepsMean, meanFile } from './mask-mu.ts';
import { checkpointName, GroupCheckpoints, groupMaskSidecar } from './mask-resume.ts';
import { recordedChance } from './network-record.ts';
import { openOutput, pathsIn } from './output.ts';

export interface MaskGroupOptions extends MaskSources {
  /** folder for the results */
  readonly out: string;
  readonly overwrite: boolean;
  readonly objective: ObjectiveOptions;
  readonly group: GroupOptions;
  /** leaves images out whose loss under the mask stands out, and makes the mask anew, once */
  readonly dropOutliers?: boolean;
  /** a checkpoint is written between two steps as soon as the last one is so old */
  readonly checkpointSeconds?: number;
  /** regions to mark in the picture of the regions: those of a simulated cohort's truth */
  readonly planted?: readonly string[];
  /** takes every image of the class, whatever the network calls it: for networks that are meant to know nothing */
  readonly everyImage?: boolean;
}

/** What the job asks for and tells on its way. */
export interface MaskGroupHooks {
  /** Opens the GPU; called once the inputs are known to be sound. Whoever opened it closes it. */
  readonly open: () => Promise<OpenGpu>;
  readonly signal?: AbortSignal;
  /** inputs read before, of several masks with the same sources; read anew when not given */
  readonly inputs?: MaskInputs;
  readonly onClassified?: (done: number, total: number) => void;
  /** @param total how many steps there will be at most */
  readonly onStep?: (steps: number, total: number, loss: MaskLoss) => void;
  readonly onEpoch?: (epoch: MaskEpoch) => void;
  /** Called before the mask is made anew. @param dropped the images that are left out */
  readonly onOutliers?: (dropped: readonly string[]) => void;
}

/** How many images of the class there were, and how many of them the network classified correctly. */
export interface ImageCount {
  readonly used: number;
  readonly of: number;
}

export interface MaskGroupResult {
  readonly className: string;
  readonly fit: ImageCount;
  readonly select: ImageCount;
  readonly epochs: number;
  readonly steps: number;
  readonly best: MaskEpoch;
  /** mean probability of the class over the images selected on: as they are, and under the thresholded mask */
  readonly probabilities: { readonly before: number; readonly after: number };
  /** share of voxels at or below 0.95 */
  readonly touchedShare: number;
  /** whether it may be believed */
  readonly state: MaskState;
  /** what training recorded of the network's accuracy; null where it did not */
  readonly networkChance: ChanceTest | null;
  /** of the thresholded mask, highest density first; null without an atlas */
  readonly regions: readonly RegionUse[] | null;
  /** voxels that were no number and were read as 0, by image */
  readonly notNumbers: Readonly<Record<string, number>>;
  /** fitted images whose loss under the mask stands out; null where an interruption left no time to look */
  readonly outliers: readonly string[] | null;
  /** images that were left out as such */
  readonly dropped: readonly string[];
  readonly interrupted: boolean;
  /** the same mask was there already, finished, and was not made again */
  readonly finishedBefore: boolean;
  readonly paths: MaskPaths & { readonly sidecar: string };
}

/** Defaults of a group mask; on an independent cohort it has more patience (paper, section 2.3.5). */
export function defaultGroupOptions(independent: boolean): GroupOptions {
  return independent ? { ...groupDefaults, patience: 25, epochs: 300 } : groupDefaults;
}

/**
 * A group mask from files to files: which images count, the mask, its effect and its regions, all written to a folder.
 * After an abort the best mask so far is written in the same way. A mask that was cut short, by an abort or worse, goes on
 * from its last checkpoint with the same bits.
 *
 * @throws InputError for inputs that are missing or do not fit together, when no image of the class is classified
 *   correctly, or when the folder holds a mask; what can be known without a GPU is refused before one is opened
 */
export async function maskGroup(options: MaskGroupOptions, hooks: MaskGroupHooks): Promise<MaskGroupResult> {
  const startedAt = new Date();
  const inputs = hooks.inputs ?? readMaskInputs(options);
  if (!hooks.inputs) await refuseKnownImages(options, inputs);
  requireFit(options.objective, inputs.images.grid.shape);
  const output = openOutput(options.out, { by: 'mask group', overwrite: options.overwrite });
  try {
    const checkpoints = new GroupCheckpoints(options, inputs);
    const finished = options.overwrite ? null : finishedBefore(options.out, checkpoints, inputs);
    if (finished) return finished;
    output.require(groupMaskFiles(options.out, kindOf(inputs)), checkpoints.state ? undefined : maskMarker);
    output.requireRemovable({ keep: pathsIn([checkpoints.file]) });
    const { gpu, report } = await hooks.open();
    checkpoints.useAdapter(report);
    if (options.overwrite) checkpoints.remove();
    const made = await makeGroupMask(gpu, inputs, options, hooks, checkpoints);
    const regions =
      inputs.atlas && topRegions(regionUse(made.kept, inputs.atlas), inputs.atlas.regions.length);
    const { className, images } = inputs;
    const { storage } = readVolume(made.fit[0].path);
    output.removeAll({ keep: pathsIn([checkpoints.file]) });
    const paths = writeMaskFiles(options.out, {
      className,
      grid: images.grid,
      storage,
      mask: made.raw.mask,
      thresholded: made.kept,
      background: await images.mean(made.fit),
      epochs: made.raw.epochs,
      best: made.raw.best,
      losses: made.losses,
      regions,
      planted: options.planted ?? [],
    });
    if (made.mean) keepMean(options.out, made.mean, images.grid, storage);
    const sources = made.fit.map((session) => session.path);
    const links = new DatasetLinks(options.out, sources);
    describeDataset(options.out, `Group mask of ${className}`, links);
    writeDerivatives(options.out, {
      of: { className },
      mask: made.raw.mask,
      grid: images.grid,
      storage,
      sources,
      links,
      made: {
        Class: className,
        model: { path: inputs.path, digest: fileDigest(inputs.path) },
        Objective: options.objective,
        Mu: options.mu,
      },
    });
    const touched = touchedShare(made.kept);
    const curve = made.raw.epochs.map(({ steps, validation }) => ({ steps, loss: validation.total }));
    const results = {
      className,
      fit: { used: made.fit.length, of: inputs.fit.length },
      select: { used: made.select.length, of: inputs.select.length },
      epochs: made.raw.epochs.length,
      steps: made.raw.epochs[made.raw.epochs.length - 1].steps,
      best: made.raw.best,
      probabilities: made.probabilities,
      touchedShare: touched,
      state: judgeMask(curve, made.raw.stopped, touched),
      networkChance: recordedChance(inputs.path),
      outliers:
        made.losses?.filter(({ outlier }) => outlier).map(({ session }) => sessionName(session)) ?? null,
      dropped: made.dropped,
      notNumbers: Object.fromEntries(images.notNumbers),
      interrupted: made.raw.interrupted,
    };
    const sidecar = writeSidecar(options.out, 'mask', {
      command: 'mask group',
      options: { ...options, className },
      seed: options.group.seed,
      adapter: report,
      startedAt,
      finishedAt: new Date(),
      peakBytes: gpu.memory().peakBytes,
      results: {
        ...results,
        identity: checkpoints.identity,
        fittedOn: made.fit.map(sessionName),
        selectedOn: made.select.map(sessionName),
      },
    });
    if (!results.interrupted) checkpoints.remove();
    return { ...results, finishedBefore: false, regions, paths: { ...paths, sidecar } };
  } finally {
    output.close();
  }
}

/** What a finished mask of the same inputs and options tells; null where there is none. */
function finishedBefore(
  out: string,
  checkpoints: GroupCheckpoints,
  { atlas, path: model }: MaskInputs,
): MaskGroupResult | null {
  const sidecar = path.join(out, groupMaskSidecar);
  const told = checkpoints.finished(sidecar);
  if (!told) return null;
  const { identity: _1, fittedOn: _2, selectedOn: _3, ...results } = told;
  const state = readState(results.state) ?? unrecordedState(Number(results.touchedShare));
  const paths = maskPaths(out, { losses: results.outliers !== null, regions: atlas !== null });
  const kept = atlas && readVolume(paths.thresholded).data;
  const regions = atlas && kept && topRegions(regionUse(kept, atlas), atlas.regions.length);
  return {
    ...(results as Omit<MaskGroupResult, 'finishedBefore' | 'regions' | 'paths' | 'state' | 'networkChance'>),
    state,
    networkChance: recordedChance(model),
    finishedBefore: true,
    regions,
    paths: { ...paths, sidecar },
  };
}

/** Every file that a group mask may write, absolute. */
export function groupMaskFiles(out: string, { className, images, atlas, mu }: GroupMaskKind): string[] {
  const has = { losses: true, regions: atlas !== null };
  const derived = derivativePaths(out, { of: { className }, sources: images });
  const others = [groupMaskSidecar, checkpointName, ...datasetFiles, ...(keepsMean(mu) ? [meanFile] : [])];
  return [
    ...pathsIn(maskPaths(out, has)),
    ...withSidecars(derived),
    ...others.map((name) => path.join(out, name)),
  ].map((file) => path.resolve(file));
}

/** What decides which files a group mask has. */
export interface GroupMaskKind extends Pick<MaskInputs, 'className' | 'mu'> {
  /** paths of those that it is fitted on */
  readonly images: readonly string[];
  readonly atlas: object | null;
}

/** What decides which files the mask of these inputs has. */
export function kindOf({ fit, ...inputs }: MaskInputs): GroupMaskKind {
  return { ...inputs, images: fit.map((session) => session.path) };
}
