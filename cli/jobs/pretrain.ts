import { removeFile } from '../../cohort/files.ts';
import type { Intensity } from '../../cohort/intensity.ts';
import type { Session } from '../../cohort/session.ts';
import { type Split, stratifiedFold } from '../../cohort/splits/folds.ts';

import { readTable } from '../../cohort/table.ts';
import type { OpenGpu } from '../../engine/node/open.ts';
import { type Convolutional, checkArchitecture, defaultArchitecture } from '../../model/architecture.ts';
import { Autoencoder, initialAutoencoder } from '../../model/autoencoder.ts';
import { autoencoderName } from '../../model/autoencoder-file.ts';
import { type TrainState, writeCheckpoint } from '../../model/checkpoint.ts';
import type { TrainProgress } from '../../model/epochs.ts';
import { ImageStore } from '../../model/images.ts';
import { type PretrainEpoch, type PretrainOptions, pretrain, reconstruct } from '../../model/pretrain.ts';
import type { Weights } from '../../model/weights.ts';
import type { Reconstruction } from '../../report/reconstructions.ts';
import { writeSidecar } from '../sidecar.ts';
import { versions } from '../versions.ts';
import { readNotedCohort, readNotedFold } from './noted-cohort.ts';
import { openOutput, pathsIn } from './output.ts';
import {
  type PretrainPaths,
  pretrainPaths,
  writePretraining,
  writeReconstructions,
} from './pretrain-files.ts';
import { savedEvery } from './saved-every.ts';
import { digestsOf, finishedResults } from './train-identity.ts';
import { adapterOf, checkpointOf, refuseOtherAdapter } from './train-resume.ts';
import { refuseCopies } from './twins.ts';

/** Images that are drawn beside their reconstructions, at most. */
const SHOWN = 4;

export interface PretrainJobOptions {
  /** table of the sessions and their images; their diagnoses are not used, but to draw a fold */
  readonly cohort: string;
  /** folder for the results */
  readonly out: string;
  readonly overwrite: boolean;
  /** table of a split, or folder of folds, that was drawn before; null draws one where a fold is given */
  readonly split: string | null;
  readonly folds: number;
  /** the part that validates, counted from 0; null trains on all sessions where no split is given either */
  readonly fold: number | null;
  readonly splitSeed: number;
  /** the diagnoses that a fold is drawn by */
  readonly classes: readonly string[];
  /** all of the convolutional part but the images' shape, which they tell themselves */
  readonly network: Omit<Convolutional, 'inputShape'>;
  readonly training: PretrainOptions;
  /** a checkpoint is written between two steps as soon as the last one is so old */
  readonly checkpointSeconds: number;
  /** what is done to the images' values before the autoencoder sees them */
  readonly intensity: Intensity;
}

/** What the job asks for and tells on its way. */
export interface PretrainHooks {
  /** Opens the GPU; called once cohort, split and options are known to be sound. Whoever opened it closes it. */
  readonly open: () => Promise<OpenGpu>;
  readonly signal?: AbortSignal;
  /** Called before the first step. `absent`: sessions of a given split's lists that the cohort lacks; `from`: what it goes on
   * from */
  readonly onSplit?: (split: Split, absent: number, from: TrainState<PretrainEpoch> | undefined) => void;
  readonly onStep?: (progress: TrainProgress) => void;
  readonly onEpoch?: (epoch: PretrainEpoch) => void;
}

export interface PretrainJobResult {
  /** sessions that trained, and that chose the epoch */
  readonly train: number;
  readonly validation: number;
  /** epochs completed */
  readonly epochs: number;
  /** the epoch whose weights are kept; null when an abort came before the first was complete */
  readonly best: PretrainEpoch | null;
  readonly seconds: number;
  readonly peakBytes: number;
  /** voxels that were no number and were read as 0, by image */
  readonly notNumbers: Readonly<Record<string, number>>;
  readonly interrupted: boolean;
  /** the same pretraining was there already, finished, and was not run again */
  readonly finishedBefore: boolean;
  /** null when there is nothing to keep but a checkpoint */
  readonly paths: PretrainPaths | null;
}

/**
 * Pretraining from files to files: an autoencoder of the network's convolutional part, trained on the images of a cohort or of
 * a split's training side, written to a folder with its history and a picture of reconstructions. After an abort the best
 * epoch so far is written in the same way, and the same options go on from there.
 *
 * @throws InputError for a cohort, a split or a network that cannot be, or when the folder holds an autoencoder; what can be
 *   known without a GPU is refused before one is opened
 */
export async function pretrainNetwork(
  options: PretrainJobOptions,
  hooks: PretrainHooks,
): Promise<PretrainJobResult> {
  const startedAt = new Date();
  const { split, absent } = await splitFor(options);
  const images = ImageStore.of([...split.train, ...split.validation], { intensity: options.intensity });
  const shape: Convolutional = { inputShape: images.grid.shape, ...options.network };
  checkArchitecture({ ...defaultArchitecture, ...shape }, 'network');
  const { training, intensity } = options;
  const identity = { version: versions().voxmask, network: shape, training, intensity, ...digestsOf(split) };
  const paths = pretrainPaths(options.out);
  const counts = { train: split.train.length, validation: split.validation.length };
  const finished = options.overwrite ? null : finishedResults(paths.sidecar, identity);
  if (finished) {
    const told = finished as unknown as PretrainJobResult;
    const { epochs, best, seconds, peakBytes, notNumbers } = told;
    const result = { ...counts, epochs, best, seconds, peakBytes, notNumbers };
    return { ...result, interrupted: false, finishedBefore: true, paths };
  }

  const output = openOutput(options.out, { by: 'pretrain', overwrite: options.overwrite });
  try {
    output.require(pathsIn(paths));
    const from = checkpointOf<PretrainEpoch>(paths.checkpoint, identity, options.overwrite);
    output.require([], from ? undefined : autoencoderName);
    output.requireRemovable({ keep: pathsIn([paths.checkpoint]) });
    const { gpu, report } = await hooks.open();
    refuseOtherAdapter(from, report, options.out);
    if (options.overwrite) removeFile(paths.checkpoint);
    hooks.onSplit?.(split, absent, from?.state);
    const fitted = await fit(gpu, shape, images, split, options, hooks, {
      from: from?.state,
      save: (state) =>
        writeCheckpoint(paths.checkpoint, { state, identity: { ...identity, adapter: adapterOf(report) } }),
    });
    const { weights, best, epochs, interrupted } = fitted;
    const result = () => ({
      ...counts,
      epochs: epochs.length,
      best,
      seconds: (Date.now() - startedAt.getTime()) / 1000,
      peakBytes: gpu.memory().peakBytes,
      notNumbers: Object.fromEntries(images.notNumbers),
      interrupted,
      finishedBefore: false,
    });
    if (best === null) return { ...result(), paths: null };

    // The autoencoder first: it is what took long.
    const model = { shape, weights, grid: images.grid, intensity: images.intensity };
    output.removeAll({ keep: pathsIn([paths.checkpoint]) });
    writePretraining(options.out, { model, epochs, best, split, learningRate: training.learningRate });
    const shown = spread(split.validation.length > 0 ? split.validation : split.train, SHOWN);
    writeReconstructions(options.out, model, await examples(gpu, shape, weights, images, shown));
    const { seconds: _, peakBytes, finishedBefore: __, ...results } = result();
    writeSidecar(options.out, 'pretrain', {
      command: 'pretrain',
      options: { ...options, network: shape },
      seed: training.seed,
      adapter: report,
      startedAt,
      finishedAt: new Date(),
      peakBytes,
      results: { ...results, absent, identity },
    });
    if (!interrupted) removeFile(paths.checkpoint);
    return { ...result(), paths };
  } finally {
    output.close();
  }
}

/**
 * Which sessions train and which choose the epoch: those of a split, or all of them and none.
 *
 * @throws InputError for a split that cannot be, or for copies of another participant's scan
 */
async function splitFor(options: PretrainJobOptions): Promise<{ split: Split; absent: number }> {
  const { cohort: file, split, folds, fold, splitSeed, classes } = options;
  if (split === null && fold !== null) {
    const cohort = readNotedCohort(file, classes, { copiesCompared: true });
    await refuseCopies(file, cohort.sessions);
    return { split: stratifiedFold(cohort, folds, fold, splitSeed), absent: 0 };
  }
  // Images of any diagnosis, or of none, can be reconstructed.
  const found = new Set(readTable(file).rows.map(({ diagnosis }) => diagnosis));
  const cohort = readNotedCohort(file, [...found], { allowOneClass: true, copiesCompared: true });
  const given =
    split === null
      ? { split: { train: cohort.sessions, validation: [] }, absent: 0 }
      : readNotedFold(split, fold ?? 0, classes, cohort);
  await refuseCopies(file, [...given.split.train, ...given.split.validation]);
  return given;
}

async function fit(
  gpu: OpenGpu['gpu'],
  shape: Convolutional,
  images: ImageStore,
  split: Split,
  { training, checkpointSeconds }: PretrainJobOptions,
  { signal, onStep, onEpoch }: PretrainHooks,
  {
    from,
    save,
  }: { from: TrainState<PretrainEpoch> | undefined; save: (state: TrainState<PretrainEpoch>) => void },
) {
  const network = new Autoencoder(gpu, shape, from?.weights ?? initialAutoencoder(shape, training.seed));
  try {
    return await pretrain({
      network,
      images,
      train: split.train,
      validation: split.validation,
      options: training,
      from,
      ...savedEvery(checkpointSeconds, save),
      ...(signal && { signal }),
      ...(onStep && { onStep }),
      ...(onEpoch && { onEpoch }),
    });
  } finally {
    network.release();
  }
}

/** Images and what an autoencoder of these weights makes of them. */
async function examples(
  gpu: OpenGpu['gpu'],
  shape: Convolutional,
  weights: Weights,
  images: ImageStore,
  sessions: readonly Session[],
): Promise<Reconstruction[]> {
  const network = new Autoencoder(gpu, shape, weights);
  try {
    const items: Reconstruction[] = [];
    for (const session of sessions) {
      const name = `${session.participantId} ${session.sessionId}`;
      const image = await images.load(session);
      items.push({ name, image, reconstructed: await reconstruct(network, images, session) });
    }
    return items;
  } finally {
    network.release();
  }
}

/** Some of a list, evenly spread over it. */
function spread<T>(items: readonly T[], most: number): T[] {
  const count = Math.min(most, items.length);
  return Array.from({ length: count }, (_, i) => items[Math.floor(((i + 0.5) * items.length) / count)]);
}
