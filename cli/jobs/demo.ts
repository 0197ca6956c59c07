import path from 'node:path';
import { plainIntensity } from '../../cohort/intensity.ts';
import {
  type SimulatedCohort,
  type SimulateOptions,
  simulateCohort,
  simulateDefaults,
} from '../../cohort/simulate/index.ts';
import { imagePath } from '../../cohort/simulate/write.ts';
import type { OpenGpu } from '../../engine/node/open.ts';
import { objectiveDefaults } from '../../masking/objective.ts';
import { trainDefaults } from '../../model/train.ts';
import { writeSidecar } from '../sidecar.ts';
import {
  defaultGroupOptions,
  groupMaskFiles,
  type MaskGroupHooks,
  type MaskGroupOptions,
  type MaskGroupResult,
  maskGroup,
} from './mask-group.ts';
import { openOutput, requirePart } from './output.ts';
import { reportName, writeReport } from './report/index.ts';
import { requireReport } from './report/side-files.ts';
import { type TrainHooks, type TrainJobOptions, type TrainJobResult, trainNetwork } from './train.ts';
import { requireTrainings, trainRuns } from './train-runs.ts';

/** A cohort, a network and a number of steps that two processor cores can do while one waits. */
export const demoDefaults = {
  directory: 'voxmask-demo',
  participantsPerClass: 30,
  resolution: 6, // mm
  seed: 1,
  channels: [8, 8, 16, 32],
  epochs: 12,
  batchSize: 2,
  learningRate: 1e-3,
  dropout: 0.2,
  // Two dozen images are nearer to the paper's masks of single sessions than to its group of hundreds: its stronger
  // regularisation for those (section 2.3.4, lambda1 and lambda2 times 100) gives a sharp mask in few steps.
  lambda1: 1e-2,
  lambda2: 1,
  maskLearningRate: 0.03,
  maskSteps: 600,
} as const;

export interface DemoOptions {
  readonly directory: string;
  readonly participantsPerClass: number;
  readonly resolution: number;
  readonly seed: number;
  readonly overwrite: boolean;
}

/** Ways to watch the three parts. */
export interface DemoHooks {
  readonly open: () => Promise<OpenGpu>;
  readonly signal: AbortSignal;
  readonly onSimulated: (done: number, total: number) => void;
  readonly training: (options: TrainJobOptions) => Omit<TrainHooks, 'open' | 'signal'>;
  readonly onTrained: () => void;
  readonly masking: Pick<MaskGroupHooks, 'onClassified' | 'onStep' | 'onEpoch'>;
}

export interface DemoResult {
  readonly cohort: SimulatedCohort;
  readonly training: TrainJobResult;
  readonly mask: MaskGroupResult;
  readonly seconds: number;
  readonly sidecar: string;
  /** the page that shows all of it */
  readonly report: string;
}

/**
 * The whole way on simulated data, whose truth is known: a cohort, a network trained on it, a group mask and its
 * regions. Each part is what the command of its name does.
 *
 * @throws InputError when the folder holds a cohort already and may not be overwritten
 */
export async function runDemo(options: DemoOptions, hooks: DemoHooks): Promise<DemoResult> {
  const startedAt = new Date();
  const { directory, seed, overwrite } = options;
  const output = openOutput(directory, { by: 'demo', overwrite });
  try {
    output.require(['demo.json']);
    requireReport(path.join(directory, reportName), overwrite);
    requireParts(options);
    const cohort = simulateCohort(directory, simulateOptions(options), hooks.onSimulated);
    const trainOptions: TrainJobOptions = {
      cohort: cohort.cohort,
      out: path.join(directory, 'trained'),
      overwrite,
      split: null,
      checkpointSeconds: 60,
      intensity: plainIntensity,
      folds: 5,
      fold: 0,
      splitSeed: 2,
      network: {
        channels: demoDefaults.channels,
        subBlocks: demoDefaults.channels.map(() => 1),
        reduction: 'maxpool',
        fcLayers: 1,
        dropout: demoDefaults.dropout,
        classes: ['CN', 'AD'],
      },
      training: {
        ...trainDefaults,
        epochs: demoDefaults.epochs,
        batchSize: demoDefaults.batchSize,
        learningRate: demoDefaults.learningRate,
        seed,
      },
    };
    const { open, signal } = hooks;
    const { fold: _, ...common } = trainOptions;
    const { runs, stopped } = await trainRuns({ ...common, wanted: [0], runs: 1 }, (job, _run, onBegin) =>
      trainNetwork(job, { open, signal, onBegin, ...hooks.training(job) }),
    );
    const { result: training } = stopped ?? runs[0];
    hooks.onTrained();
    signal.throwIfAborted();
    const mask = await maskGroup(maskOptions(options, cohort), { open, signal, ...hooks.masking });
    const finishedAt = new Date();
    const { gpu, report } = await open();
    const sidecar = writeSidecar(directory, 'demo', {
      command: 'demo',
      options: { ...demoDefaults, ...options },
      seed,
      adapter: report,
      startedAt,
      finishedAt,
      peakBytes: gpu.memory().peakBytes,
    });
    const { paths } = writeReport({ directory, out: null, anonymous: null, background: null, overwrite });
    const seconds = (Date.now() - startedAt.getTime()) / 1000;
    return { cohort, training, mask, seconds, sidecar, report: paths.report };
  } finally {
    output.close();
  }
}

/** Makes sure, before the first part, that the later ones can be written. @throws InputError */
function requireParts({ directory, overwrite }: DemoOptions): void {
  const [trained, mask] = ['trained', 'mask'].map((name) => path.join(directory, name));
  requireTrainings(trained, [{ root: trained, fold: 0, run: 0 }], overwrite);
  const image = imagePath({ participant: { id: 'sub-any' }, sessionId: 'ses-any' }, false); // tells the space of all
  const files = groupMaskFiles(mask, { className: 'AD', images: [image], atlas: {}, mu: 1 });
  requirePart(mask, { by: 'mask group', overwrite }, files, path.join(mask, 'mask.json'));
}

function simulateOptions({
  participantsPerClass,
  resolution,
  seed,
  overwrite,
}: DemoOptions): SimulateOptions {
  return { ...simulateDefaults, participantsPerClass, resolution, seed, overwrite };
}

function maskOptions({ directory, seed, overwrite }: DemoOptions, cohort: SimulatedCohort): MaskGroupOptions {
  return {
    model: path.join(directory, 'trained'),
    cohort: cohort.cohort,
    split: null,
    independent: false,
    fitOn: 'train',
    className: null,
    atlas: { image: cohort.atlas, labels: cohort.labels },
    mu: 1,
    resample: false,
    out: path.join(directory, 'mask'),
    overwrite,
    objective: { ...objectiveDefaults, lambda1: demoDefaults.lambda1, lambda2: demoDefaults.lambda2 },
    group: {
      ...defaultGroupOptions(false),
      learningRate: demoDefaults.maskLearningRate,
      maxSteps: demoDefaults.maskSteps,
      patience: demoDefaults.maskSteps, // its epochs are too short for patience to be counted in them
      seed,
    },
    planted: cohort.plantedRegions,
  };
}
