import path from 'node:path';
import { InputError } from '../../cohort/error.ts';
import { removeFile, writeFileAtomic } from '../../cohort/files.ts';
import { readVolume } from '../../cohort/nifti.ts';
import { fingerprintsIn, formatSplit, readSplit } from '../../cohort/splits/split-table.ts';
import { formatTable } from '../../cohort/table.ts';
import type { OpenGpu } from '../../engine/node/open.ts';
import { maskedProbabilities } from '../../masking/effect.ts';
import type { MaskState } from '../../masking/mask-state.ts';
import { regionUse } from '../../masking/regions.ts';
import { roiSimilarity } from '../../masking/similarity.ts';
import type { TrainProgress } from '../../model/epochs.ts';
import { writeModel } from '../../model/model-file.ts';
import { modelFile } from '../../model/model-folder.ts';
import { Network } from '../../model/network.ts';
import type { Epoch, TrainOptions } from '../../model/train.ts';
import type { Weights } from '../../model/weights.ts';
import { renderMaskTable } from '../../report/mask-table.ts';
import { writeSidecar } from '../sidecar.ts';
import { feedbackIdentity, trainFurther } from './feedback-training.ts';
import {
  groupMaskFiles,
  kindOf,
  type MaskGroupHooks,
  type MaskGroupOptions,
  maskGroup,
} from './mask-group.ts';
import { type MaskInputs, readMaskInputs } from './mask-inputs.ts';
import { placeOneMu } from './mask-mu.ts';
import { checkpointName, isMaskBegun } from './mask-resume.ts';
import { readNotedCohort } from './noted-cohort.ts';
import { openOutput, pathsIn, requirePart } from './output.ts';
import { besideModel, type Knowledge, knowledgeOf } from './sanity-networks.ts';
import { finishedResults } from './train-identity.ts';
import { checkpointOf, refuseOtherAdapter } from './train-resume.ts';
import { readMaps } from './validate-inputs.ts';

export interface FeedbackOptions extends Omit<MaskGroupOptions, 'atlas' | 'everyImage'> {
  /** masks are compared over its regions */
  readonly atlas: { readonly image: string; readonly labels: string };
  /** the mask of the network so far: a file, or a folder of `mask group` */
  readonly mask: string;
  /** probability with which a training image is masked */
  readonly share: number;
  /** of the fine-tuning: it takes all its epochs, and the last one is kept */
  readonly training: TrainOptions;
}

export interface FeedbackHooks
  extends Pick<MaskGroupHooks, 'open' | 'signal' | 'onClassified' | 'onStep' | 'onEpoch'> {
  readonly onTrainStep?: (progress: TrainProgress) => void;
}

/** A network before or after, and what it says under both masks. */
export interface FeedbackState extends Knowledge {
  /** mean probability of the class over the images selected on: without a mask, under the mask before, and after */
  readonly probabilities: { readonly unmasked: number; readonly before: number; readonly after: number };
}

export interface FeedbackResult {
  readonly className: string;
  readonly before: FeedbackState;
  readonly after: FeedbackState;
  /** whether either mask may be believed */
  readonly masks: { readonly before: MaskState; readonly after: MaskState };
  /** ROI similarity of the two masks; null where one is empty */
  readonly similarity: number | null;
  /** by density before */
  readonly regions: readonly { readonly name: string; readonly before: number; readonly after: number }[];
  readonly epochs: readonly Epoch[];
  /** the same feedback was there already, finished, and was not made again */
  readonly finishedBefore: boolean;
  readonly paths: { readonly [name: string]: string };
}

const marker = 'feedback.json';

/**
 * Feeds a group mask back: the network is trained further while each training image is, with a probability, masked before it
 * is seen; then it gets a group mask of its own, and the two are compared. What an abort or a kill cut short goes on from its
 * last checkpoint, with the same bits.
 *
 * @returns null after an abort: the same call goes on
 * @throws InputError as `maskGroup` does, and when the folder holds an unfinished feedback with other options
 */
export async function feedback(
  options: FeedbackOptions,
  hooks: FeedbackHooks,
): Promise<FeedbackResult | null> {
  const startedAt = new Date();
  if (options.independent)
    throw new InputError(
      'feedback',
      'needs the cohort that the network was trained with',
      'Leave --independent out',
    );
  const { mask, share, training, overwrite, ...masking } = options;
  const model = modelFile(options.model);
  const split = options.split ?? besideModel(model, 'split.tsv', 'Give the split with --split FILE');
  const inputs = readMaskInputs({ ...options, model, split });
  const [old] = readMaps([mask], inputs.images.grid);
  const sides = readSplit(split, readNotedCohort(options.cohort, inputs.model.architecture.classes));
  const identity = feedbackIdentity(options, inputs, sides, old);
  const place = (name: string) => path.join(options.out, name);
  const paths = {
    model: place('model.safetensors'),
    mask: place('mask'),
    regions: place('regions.tsv'),
    masks: place('masks.png'),
  };
  const records = { sidecar: place(marker), split: place('split.tsv'), checkpoint: place(checkpointName) };
  const finished = overwrite ? null : finishedResults(records.sidecar, identity);
  if (finished) return finishedBefore(finished, { ...paths, sidecar: records.sidecar });
  const output = openOutput(options.out, { by: 'feedback', overwrite });
  try {
    const { mask: folder, ...own } = paths;
    output.require(pathsIn([own, records]), marker);
    const from = checkpointOf(records.checkpoint, identity, overwrite);
    requirePart(folder, { by: 'mask group', overwrite }, groupMaskFiles(folder, kindOf(inputs)));
    const opened = await hooks.open();
    refuseOtherAdapter(from, opened.report, options.out);
    if (overwrite) for (const file of [records.sidecar, records.checkpoint]) removeFile(file);
    const tuned = await trainFurther(opened, options, inputs, { sides, fedBack: old, identity, from }, hooks);
    if (!tuned) return null;
    writeModel(paths.model, { ...inputs.model, weights: tuned.weights });
    writeFileAtomic(records.split, formatSplit({ ...sides }, fingerprintsIn(split)));
    const making = { ...masking, model: paths.model, split, out: folder, overwrite };
    const itsInputs = readMaskInputs(making);
    const begun = !overwrite && isMaskBegun(making, itsInputs);
    const made = await maskGroup({ ...making, overwrite: !begun }, { ...hooks, inputs: itsInputs });
    if (made.interrupted) return null;
    const masks = { before: old.mask, after: readVolume(made.paths.thresholded).data };
    const state = async (file: string, weights: Weights): Promise<FeedbackState> => ({
      ...(await knowledgeOf(file, options.cohort, split, opened)),
      probabilities: await underMasks(opened.gpu, weights, inputs, masks),
    });
    const uses = [masks.before, masks.after].map((values) => regionUse(values, inputs.atlas!));
    const regions = uses[0]
      .map(({ region, density }, i) => ({ name: region.name, before: density, after: uses[1][i].density }))
      .sort((a, b) => b.before - a.before);
    const found = {
      className: inputs.className,
      before: await state(model, inputs.model.weights),
      after: await state(paths.model, tuned.weights),
      masks: { before: old.state, after: made.state },
      similarity: roiSimilarity(uses[0], uses[1]),
      regions,
      epochs: tuned.epochs,
    };
    writeFileAtomic(paths.regions, formatTable(['name', 'before', 'after'], regions));
    const tiles = [
      { heading: 'before', mask: masks.before },
      { heading: 'after', mask: masks.after },
    ];
    const background = await inputs.images.mean(inputs.select);
    writeFileAtomic(
      paths.masks,
      renderMaskTable({
        title: `Masks of ${found.className} before and after feedback`,
        grid: inputs.images.grid,
        background,
        rows: [{ heading: '', tiles }],
      }),
    );
    const sidecar = writeSidecar(options.out, 'feedback', {
      command: 'feedback',
      options: { ...options },
      seed: training.seed,
      adapter: opened.report,
      startedAt,
      finishedAt: new Date(),
      peakBytes: opened.gpu.memory().peakBytes,
      results: { ...found, share, identity },
    });
    removeFile(records.checkpoint);
    return { ...found, finishedBefore: false, paths: { ...paths, sidecar } };
  } finally {
    output.close();
  }
}

/** The result of a feedback that was finished before, as its sidecar has it. */
function finishedBefore(recorded: Record<string, unknown>, paths: FeedbackResult['paths']): FeedbackResult {
  const { identity: _1, share: _2, peakBytes: _3, seconds: _4, ...results } = recorded;
  return { ...(results as unknown as FeedbackResult), finishedBefore: true, paths };
}

async function underMasks(
  gpu: OpenGpu['gpu'],
  weights: Weights,
  { model, images, select, classIndex, mu }: MaskInputs,
  masks: { readonly before: Float32Array; readonly after: Float32Array },
) {
  const network = new Network(gpu, model.architecture, weights);
  const hidden = await placeOneMu(gpu, mu, images);
  const mean = async (values: Float32Array) => {
    const mask = gpu.tensor(images.grid.shape, values, 'mask');
    const found = await maskedProbabilities(network, images, select, classIndex, mask, hidden);
    mask.release();
    return found.reduce((sum, value) => sum + value, 0) / found.length;
  };
  try {
    return {
      unmasked: await mean(new Float32Array(masks.before.length).fill(1)),
      before: await mean(masks.before),
      after: await mean(masks.after),
    };
  } finally {
    network.release();
    hidden.release();
  }
}
