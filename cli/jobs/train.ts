import { InputError } from '../../cohort/error.ts';
import { removeFile } from '../../cohort/files.ts';
import type { Intensity } from '../../cohort/intensity.ts';
import type { Session } from '../../cohort/session.ts';
import type { Split } from '../../cohort/splits/folds.ts';
import { shuffleLabels } from '../../cohort/splits/shuffle-labels.ts';
import type { OpenGpu } from '../../engine/node/open.ts';
import { type Architecture, checkArchitecture } from '../../model/architecture.ts';
import { type TrainState, writeCheckpoint } from '../../model/checkpoint.ts';
import type { TrainProgress } from '../../model/epochs.ts';
import { TrainingFailed } from '../../model/failure.ts';
import { ImageStore } from '../../model/images.ts';
import { readInitialisation } from '../../model/initialise.ts';
import type { Epoch, TrainOptions } from '../../model/train.ts';
import { readTrainingState, type TrainingState } from '../../model/training-state.ts';
import { writeSidecar } from '../sidecar.ts';
import { writeGroup } from './group-files.ts';
import { openOutput, pathsIn } from './output.ts';
import { type TrainPaths, trainMarker, trainPaths, writeTraining } from './train-files.ts';
import { ask, fit } from './train-fit.ts';
import { finishedResults, identityOf } from './train-identity.ts';
import { memoryNotes, requireBindable } from './train-memory.ts';
import { adapterOf, checkpointOf, refuseOtherAdapter } from './train-resume.ts';
import { splitFor } from './train-split.ts';
import { stateOf } from './train-state.ts';

export interface TrainJobOptions {
  /** table of the sessions and their images */
  readonly cohort: string;
  /** folder for the results */
  readonly out: string;
  readonly overwrite: boolean;
  /** table of a split, or folder of folds, that was drawn before; null draws one */
  readonly split: string | null;
  readonly folds: number;
  /** the part that validates, counted from 0 */
  readonly fold: number;
  readonly splitSeed: number;
  /** all of the network but the images' shape, which they tell themselves */
  readonly network: Omit<Architecture, 'inputShape'>;
  readonly training: TrainOptions;
  /** a checkpoint is written between two steps as soon as the last one is so old */
  readonly checkpointSeconds: number;
  /** what is done to the images' values before the network sees them */
  readonly intensity: Intensity;
  /** file or folder whose convolutions the network starts from; all weights are drawn without it */
  readonly init?: string | undefined;
  /** a control: the labels of both sides are dealt out anew, by the training's seed */
  readonly shuffleLabels?: boolean;
}

/** Where a training finds its split. */
export type SplitSource = Pick<TrainJobOptions, 'cohort' | 'split' | 'folds' | 'fold' | 'splitSeed'>;

/** What the job asks for and tells on its way. */
export interface TrainHooks {
  /** Opens the GPU; called once cohort, split and options are known to be sound. Whoever opened it closes it. */
  readonly open: () => Promise<OpenGpu>;
  readonly signal?: AbortSignal;
  /** Called once the folder is this training's and nothing is known that stands in the way. */
  readonly onBegin?: () => void;
  /** Called before the first step. `absent`: sessions of a given split's lists that the cohort lacks; `from`: what it goes on
   * from */
  readonly onSplit?: (split: Split, absent: number, from: TrainState | undefined) => void;
  /** Called before the first step with what the user should know of the training's memory. */
  readonly onNote?: (note: string) => void;
  readonly onStep?: (progress: TrainProgress) => void;
  readonly onEpoch?: (epoch: Epoch) => void;
}

/** Sessions of each diagnosis, in the order of the classes. */
export type Counts = Readonly<Record<string, number>>;

export interface TrainJobResult {
  readonly train: Counts;
  readonly validation: Counts;
  /** epochs completed */
  readonly epochs: number;
  /** the epoch whose weights are kept; null when an abort came before the first was complete */
  readonly best: Epoch | null;
  /** whether it may be relied on; null without an epoch, or of a training by an earlier version */
  readonly state: TrainingState | null;
  readonly seconds: number;
  readonly peakBytes: number;
  /** voxels that were no number and were read as 0, by image */
  readonly notNumbers: Readonly<Record<string, number>>;
  readonly interrupted: boolean;
  /** the same training was there already, finished, and was not run again */
  readonly finishedBefore: boolean;
  /** null when there is nothing to keep but a checkpoint */
  readonly paths: TrainPaths | null;
}

/**
 * A training from files to files: cohort, one fold of its split, a fresh network, and the best epoch's network with its
 * predictions of both sides, all written to a folder. After an abort the best epoch so far is written in the
 * same way.
 *
 * @throws InputError for a cohort, a fold or a network that cannot be, or when the folder holds a model; what can be
 *   known without a GPU is refused before one is opened
 */
export async function trainNetwork(options: TrainJobOptions, hooks: TrainHooks): Promise<TrainJobResult> {
  const startedAt = new Date();
  const { split: drawn, absent, fingerprint } = await splitFor(options, options.network.classes);
  const { shuffleLabels: shuffling = false, training } = options;
  const split = shuffling ? shuffleLabels(drawn, training.seed) : drawn;
  const images = ImageStore.of([...split.train, ...split.validation], { intensity: options.intensity });
  const architecture: Architecture = { inputShape: images.grid.shape, ...options.network };
  checkArchitecture(architecture, 'network');
  const { classes } = architecture;
  const init =
    options.init === undefined ? null : readInitialisation(options.init, architecture, options.intensity);
  const identity = identityOf(options, architecture, split, init?.hash);
  const paths = trainPaths(options.out);
  const counts = { train: countsOf(split.train, classes), validation: countsOf(split.validation, classes) };
  const finished = options.overwrite ? null : finishedResults(paths.sidecar, identity);
  if (finished) return { ...counts, ...toldBefore(finished), paths, finishedBefore: true };

  const output = openOutput(options.out, { by: 'train', overwrite: options.overwrite });
  try {
    output.require(pathsIn(paths));
    const from = checkpointOf(paths.checkpoint, identity, options.overwrite);
    output.require([], from ? undefined : trainMarker);
    const replaced = { by: ['train', 'evaluate'], keep: pathsIn([paths.checkpoint]) }; // answers of another network too
    output.requireRemovable(replaced);
    hooks.onBegin?.();
    const opened = await hooks.open();
    const { gpu, report } = opened;
    refuseOtherAdapter(from, report, options.out);
    requireBindable(architecture, training.batchSize, opened);
    if (options.overwrite) removeFile(paths.checkpoint);
    hooks.onSplit?.(split, absent, from?.state);
    for (const note of memoryNotes(architecture, training, split.train.length, opened)) hooks.onNote?.(note);
    const fitted = await fit(gpu, architecture, images, split, options, hooks, {
      from: from?.state,
      init,
      save: (state) =>
        writeCheckpoint(paths.checkpoint, { state, identity: { ...identity, adapter: adapterOf(report) } }),
    });
    const { weights, best, epochs, interrupted, failure } = fitted;
    const result = () => ({
      ...counts,
      epochs: epochs.length,
      seconds: (Date.now() - startedAt.getTime()) / 1000,
      peakBytes: gpu.memory().peakBytes,
      notNumbers: Object.fromEntries(images.notNumbers),
      interrupted,
      finishedBefore: false,
    });
    if (epochs.length === 0 && failure) throw failure;
    if (epochs.length === 0) return { ...result(), best: null, state: null, paths: null };

    // The network first: it is what took long.
    output.removeAll(replaced);
    writeTraining(options.out, {
      model: {
        architecture,
        weights,
        grid: images.grid,
        intensity: images.intensity,
        shuffledLabels: shuffling ? training.seed : null,
      },
      epochs,
      best,
      split: drawn,
      fingerprint,
      learningRate: training.learningRate,
    });
    const { batchSize } = training;
    let state: TrainingState | null = null;
    // Ctrl-C should not wait for the whole training set.
    for (const side of interrupted ? (['validation'] as const) : (['validation', 'train'] as const)) {
      const logits = await ask(gpu, architecture, weights, images, split[side], batchSize);
      writeGroup(paths[side], { sessions: split[side], logits, classes });
      if (side === 'validation') state = stateOf(split[side], logits, fitted, options);
    }
    const { train, validation, notNumbers, peakBytes } = result();
    writeSidecar(options.out, 'train', {
      command: 'train',
      options: { ...options, network: architecture },
      seed: training.seed,
      adapter: report,
      startedAt,
      finishedAt: new Date(),
      peakBytes,
      results: {
        train,
        validation,
        epochs: epochs.length,
        best,
        state,
        interrupted,
        failure: failure?.message ?? null,
        notNumbers,
        absent,
        identity,
        ...(init && { init: { file: init.file, sha256: init.hash } }),
      },
    });
    if (failure) throw withKept(failure, best, options.out);
    if (!interrupted) removeFile(paths.checkpoint);
    return { ...result(), best, state, paths };
  } finally {
    output.close();
  }
}

/** The failure, and where the best epoch before it lies. */
function withKept(
  { where, what, fix, result }: TrainingFailed,
  { epoch }: Epoch,
  out: string,
): TrainingFailed {
  const told = `${what}; the best epoch before it, ${epoch}, is kept in ${out}`;
  return new TrainingFailed(new InputError(where, told, fix), result);
}

/** What the sidecar of a finished training tells. */
function toldBefore(results: Record<string, unknown>) {
  const { epochs, best, seconds, peakBytes, notNumbers } = results as unknown as TrainJobResult;
  const state = readTrainingState(results.state);
  return { epochs, best, state, seconds, peakBytes, notNumbers, interrupted: false };
}

function countsOf(sessions: readonly Session[], classes: readonly string[]): Counts {
  const count = (name: string) => sessions.filter(({ diagnosis }) => diagnosis === name).length;
  return Object.fromEntries(classes.map((name) => [name, count(name)]));
}
