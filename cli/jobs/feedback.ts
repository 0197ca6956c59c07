import path from 'node:path';
import { InputError } from '../../cohort/error.ts';
import { writeFileAtomic } from '../../cohort/files.ts';
import { readVolume } from '../../cohort/nifti.ts';
import { formatSplit, readSplit } from '../../cohort/splits/split-table.ts';
import { formatTable } from '../../cohort/table.ts';
import type { OpenGpu } from '../../engine/node/open.ts';
import { maskedProbabilities } from '../../masking/effect.ts';
import { feedBack } from '../../masking/feedback.ts';
import type { MaskState } from '../../masking/mask-state.ts';
import { regionUse } from '../../masking/regions.ts';
import { roiSimilarity } from '../../masking/similarity.ts';
import type { TrainProgress } from '../../model/epochs.ts';
import { writeModel } from '../../model/model-file.ts';
import { modelFile } from '../../model/model-folder.ts';
import { Network } from '../../model/network.ts';
import { type Epoch, type TrainOptions, train } from '../../model/train.ts';
import type { Weights } from '../../model/weights.ts';
import { renderMaskTable } from '../../report/mask-table.ts';
import { writeSidecar } from '../sidecar.ts';
import {
  groupMaskFiles,
  kindOf,
  type MaskGroupHooks,
  type MaskGroupOptions,
  maskGroup,
} from './mask-group.ts';
import { type MaskInputs, readMaskInputs } from './mask-inputs.ts';
import { placeOneMu } from './mask-mu.ts';
import { readNotedCohort } from './noted-cohort.ts';
import { openOutput, requirePart } from './output.ts';
import { besideModel, type Knowledge, knowledgeOf } from './sanity-networks.ts';
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
  readonly paths: { readonly [name: string]: string };
}

const marker = 'feedback.json';

/**
 * Feeds a group mask back: the network is trained further while each training image is, with a probability, masked before it
 * is seen; then it gets a group mask of its own, and the two are compared.
 *
 * @returns null after an abort
 * @throws InputError as `maskGroup` does
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
  const { mask, share, training, ...masking } = options;
  const model = modelFile(options.model);
  const split = options.split ?? besideModel(model, 'split.tsv', 'Give the split with --split FILE');
  const inputs = readMaskInputs({ ...options, model, split });
  const [old] = readMaps([mask], inputs.images.grid);
  const output = openOutput(options.out, { by: 'feedback', overwrite: options.overwrite });
  try {
    output.require([marker, 'model.safetensors', 'regions.tsv', 'masks.png', 'split.tsv'], marker);
    const maskPlace = path.join(options.out, 'mask');
    requirePart(
      maskPlace,
      { by: 'mask group', overwrite: options.overwrite },
      groupMaskFiles(maskPlace, kindOf(inputs)),
    );
    const opened = await hooks.open();
    const tuned = await fineTune(opened.gpu, options, inputs, split, old.mask, hooks);
    if (!tuned) return null;
    const paths = {
      model: path.join(options.out, 'model.safetensors'),
      mask: maskPlace,
      regions: path.join(options.out, 'regions.tsv'),
      masks: path.join(options.out, 'masks.png'),
    };
    writeModel(paths.model, { ...inputs.model, weights: tuned.weights });
    const sides = readSplit(split, readNotedCohort(options.cohort, inputs.model.architecture.classes));
    writeFileAtomic(path.join(options.out, 'split.tsv'), formatSplit({ ...sides }));
    const made = await maskGroup(
      { ...masking, model: paths.model, split, out: paths.mask, overwrite: true },
      hooks,
    );
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
      results: { ...found, share },
    });
    return { ...found, paths: { ...paths, sidecar } };
  } finally {
    output.close();
  }
}

/** @returns the weights after the last epoch; null after an abort */
async function fineTune(
  gpu: OpenGpu['gpu'],
  { cohort, training, share }: FeedbackOptions,
  { model, images, mu }: MaskInputs,
  split: string,
  values: Float32Array,
  { signal, onTrainStep }: FeedbackHooks,
): Promise<{ weights: Weights; epochs: readonly Epoch[] } | null> {
  const sides = readSplit(split, readNotedCohort(cohort, model.architecture.classes));
  const network = new Network(gpu, model.architecture, model.weights);
  const mask = gpu.tensor(images.grid.shape, values, 'mask fed back');
  const hidden = await placeOneMu(gpu, mu, images);
  try {
    const { epochs, interrupted } = await train({
      network,
      images,
      train: sides.train,
      validation: sides.validation,
      options: { ...training, patience: training.epochs },
      alter: (x, step) => feedBack({ mask, mu: hidden, share, seed: training.seed }, x, step, gpu),
      ...(signal && { signal }),
      ...(onTrainStep && { onStep: onTrainStep }),
    });
    return interrupted ? null : { weights: await network.download(), epochs };
  } finally {
    for (const tensor of [mask, hidden]) tensor.release();
    network.release();
  }
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
