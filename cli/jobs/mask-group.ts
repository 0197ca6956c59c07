import { InputError } from '../../cohort/error.ts';
import { readVolume } from '../../cohort/nifti.ts';
import type { Session } from '../../cohort/session.ts';
import type { OpenGpu } from '../../engine/node/open.ts';
import { correctlyClassified } from '../../masking/correct.ts';
import { maskedProbabilities, touchedShare } from '../../masking/effect.ts';
import { type GroupOptions, groupDefaults, groupMask, type MaskEpoch } from '../../masking/group.ts';
import { type MaskLoss, MaskObjective, type ObjectiveOptions } from '../../masking/objective.ts';
import { type RegionUse, regionUse, topRegions } from '../../masking/regions.ts';
import { thresholded } from '../../masking/threshold.ts';
import { Network } from '../../model/network.ts';
import { writeSidecar } from '../sidecar.ts';
import { type MaskPaths, maskMarker, writeMaskFiles } from './mask-files.ts';
import { type MaskInputs, type MaskSources, readMaskInputs } from './mask-inputs.ts';
import { prepareOutput } from './output.ts';

export interface MaskGroupOptions extends MaskSources {
  /** folder for the results */
  readonly out: string;
  readonly overwrite: boolean;
  readonly objective: ObjectiveOptions;
  readonly group: GroupOptions;
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
  /** of the thresholded mask, highest density first; null without an atlas */
  readonly regions: readonly RegionUse[] | null;
  /** voxels that were no number and were read as 0, by image */
  readonly notNumbers: Readonly<Record<string, number>>;
  readonly interrupted: boolean;
  readonly paths: MaskPaths & { readonly sidecar: string };
}

/** Defaults of a group mask; on an independent cohort it has more patience (paper, section 2.3.5). */
export function defaultGroupOptions(independent: boolean): GroupOptions {
  return independent ? { ...groupDefaults, patience: 25, epochs: 300 } : groupDefaults;
}

/**
 * A group mask from files to files: which images count, the mask, its effect and its regions, all written to a folder.
 * After an abort the best mask so far is written in the same way.
 *
 * @throws InputError for inputs that are missing or do not fit together, when no image of the class is classified
 *   correctly, or when the folder holds a mask; what can be known without a GPU is refused before one is opened
 */
export async function maskGroup(options: MaskGroupOptions, hooks: MaskGroupHooks): Promise<MaskGroupResult> {
  const startedAt = new Date();
  const inputs = hooks.inputs ?? readMaskInputs(options);
  prepareOutput(options.out, maskMarker, options.overwrite);
  const { gpu, report } = await hooks.open();
  const made = await makeMask(gpu, inputs, options, hooks);
  const regions = inputs.atlas && topRegions(regionUse(made.kept, inputs.atlas), inputs.atlas.regions.length);
  const { className, images } = inputs;
  const paths = writeMaskFiles(options.out, {
    className,
    grid: images.grid,
    storage: readVolume(made.fit[0].path).storage,
    mask: made.raw.mask,
    thresholded: made.kept,
    background: await images.mean(made.fit),
    epochs: made.raw.epochs,
    best: made.raw.best,
    regions,
    planted: options.planted ?? [],
  });
  const results = {
    className,
    fit: { used: made.fit.length, of: inputs.fit.length },
    select: { used: made.select.length, of: inputs.select.length },
    epochs: made.raw.epochs.length,
    steps: made.raw.epochs[made.raw.epochs.length - 1].steps,
    best: made.raw.best,
    probabilities: made.probabilities,
    touchedShare: touchedShare(made.kept),
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
    results: { ...results, fittedOn: made.fit.map(nameOf), selectedOn: made.select.map(nameOf) },
  });
  return { ...results, regions, paths: { ...paths, sidecar } };
}

function nameOf({ participantId, sessionId }: Session): string {
  return `${participantId} ${sessionId}`;
}

/** The work on the GPU; all that it puts there is released at the end. */
async function makeMask(
  gpu: OpenGpu['gpu'],
  inputs: MaskInputs,
  { cohort, objective, group, everyImage = false }: MaskGroupOptions,
  { signal, onClassified, onStep, onEpoch }: MaskGroupHooks,
) {
  const { model, images, classIndex } = inputs;
  const network = new Network(gpu, model.architecture, model.weights);
  const mu =
    typeof inputs.mu === 'number'
      ? gpu.full([1], inputs.mu, 'mu')
      : gpu.tensor(images.grid.shape, inputs.mu, 'mu');
  try {
    const asked = [...new Set([...inputs.fit, ...inputs.select])];
    const correct = await correctlyClassified(network, images, asked, classIndex, (done) => {
      signal?.throwIfAborted();
      onClassified?.(done, asked.length);
    });
    const counting = everyImage ? new Map(asked.map((session) => [session, Number.NaN])) : correct;
    const fit = keep(inputs.fit, counting, cohort, inputs.className, 'fit');
    const select = keep(inputs.select, counting, cohort, inputs.className, 'select');
    const total = Math.min(group.maxSteps, group.epochs * Math.ceil(fit.length / group.batchSize));
    const raw = await groupMask({
      objective: new MaskObjective(network, mu, classIndex, objective),
      images,
      fit,
      select,
      options: group,
      ...(signal && { signal }),
      ...(onEpoch && { onEpoch }),
      onStep: (steps, loss) => onStep?.(steps, total, loss),
    });
    const kept = thresholded(raw.mask);
    const mask = gpu.tensor(images.grid.shape, kept, 'thresholded mask');
    const after = await maskedProbabilities(network, images, select, classIndex, mask, mu);
    mask.release();
    const unmasked = gpu.full(images.grid.shape, 1, 'no mask');
    const before = everyImage
      ? await maskedProbabilities(network, images, select, classIndex, unmasked, mu)
      : select.map((session) => correct.get(session) ?? Number.NaN);
    unmasked.release();
    return { fit, select, raw, kept, probabilities: { before: mean(before), after: mean(after) } };
  } finally {
    network.release();
    mu.release();
  }
}

/** The candidates that are classified correctly. @throws InputError when there are none */
function keep(
  candidates: readonly Session[],
  correct: ReadonlyMap<Session, number>,
  cohort: string,
  className: string,
  purpose: 'fit' | 'select',
): Session[] {
  const kept = candidates.filter((session) => correct.has(session));
  if (kept.length > 0) return kept;
  const what =
    candidates.length === 0
      ? `there is no ${className} image`
      : `none of the ${candidates.length} ${className} images is classified correctly by the network`;
  throw new InputError(
    cohort,
    `${what}, so there is none to ${purpose} a mask on`,
    'Train the network longer, or give more images of that class ("voxmask predict" shows what the network says)',
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
