import path from 'node:path';
import { readGrid } from '../../cohort/nifti.ts';
import type { OpenGpu } from '../../engine/node/open.ts';
import type { TrainProgress } from '../../model/epochs.ts';
import { TrainingFailed } from '../../model/failure.ts';
import { type Room, whyNot } from '../../model/fits.ts';
import { machineMemory } from '../../model/machine-memory.ts';
import { drawSample, type Rejected, rankSamples } from '../../model/search.ts';
import { checkSubBlocks, type SearchSpace } from '../../model/search-space.ts';
import { type Settings, settingsDefaults } from '../../model/settings.ts';
import type { Epoch } from '../../model/train.ts';
import { writeSidecar } from '../sidecar.ts';
import { openOutput } from './output.ts';
import {
  failureBefore,
  failureFile,
  recordFailure,
  type SearchPaths,
  searchFiles,
  writeSearch,
} from './search-files.ts';
import { type TrainHooks, type TrainJobOptions, trainNetwork } from './train.ts';
import { requireTraining } from './train-files.ts';
import { identityOf, type TrainIdentity } from './train-identity.ts';
import { batchSizes } from './train-memory.ts';
import { settledIn } from './train-settings.ts';
import { splitFor } from './train-split.ts';

export interface SearchOptions extends Omit<TrainJobOptions, 'network' | 'training' | 'intensity'> {
  readonly space: SearchSpace;
  /** networks to train */
  readonly samples: number;
  /** bytes of GPU memory that a training may take; null for `defaultMemory` */
  readonly memory: number | null;
}

/** A sample that was trained, or has failed. */
export interface Sample {
  readonly sample: number;
  readonly settings: Settings;
  /** its training's folder */
  readonly out: string;
  /** the kept epoch; null of one that has failed */
  readonly best: Epoch | null;
  /** epochs completed; null of one that has failed */
  readonly epochs: number | null;
  /** where and how its loss became no number */
  readonly failure: string | null;
}

export interface SearchHooks extends Pick<TrainHooks, 'open' | 'signal'> {
  /** Called before the first sample. @param sessions that an epoch trains on */
  readonly onSplit?: (sessions: number) => void;
  readonly onStep?: (progress: TrainProgress) => void;
  /** Called behind each sample. @param known whether it was there, finished */
  readonly onResult?: (result: Sample, known: boolean) => void;
}

export interface SearchResult {
  /** best first, failed ones last */
  readonly ranked: readonly Sample[];
  readonly rejected: readonly Rejected[];
  readonly interrupted: boolean;
  readonly paths: SearchPaths;
}

const GIB = 2 ** 30;

/**
 * What a training may take where nobody says: half of the machine's memory on a software adapter; 8 GiB on a GPU, whose
 * memory WebGPU does not tell.
 */
export function defaultMemory({ kind }: OpenGpu['report']): number {
  return kind === 'hardware' ? 8 * GIB : machineMemory() / 2;
}

/**
 * A random search (paper, section 2.2.2): networks and trainings drawn from a space, each an ordinary training on one fold in
 * a folder of its own; the one of highest validation balanced accuracy wins. Those that cannot be trained are rejected when
 * they are drawn, and others drawn in their place. A sample whose loss becomes no number counts as failed. Samples that are
 * finished are not run again; tables are written behind each.
 *
 * @throws InputError as `trainNetwork`, and when nothing of the space can be trained
 */
export async function searchNetworks(options: SearchOptions, hooks: SearchHooks): Promise<SearchResult> {
  const startedAt = new Date();
  const { space, samples, memory, ...data } = options;
  checkSubBlocks(space, 'search space');
  const { split } = await splitFor(data, space.classes ?? settingsDefaults.classes);
  const inputShape = readGrid(split.train[0].path).shape;
  const seed = space.seed ?? settingsDefaults.seed;
  const output = openOutput(options.out, { by: 'search', overwrite: options.overwrite });
  try {
    const folders = Array.from({ length: samples }, (_, sample) => sampleName(sample));
    output.require([...searchFiles, ...folders.map(failureFile)]);
    for (const folder of folders) requireTraining(path.join(options.out, folder), options.overwrite);
    const { gpu, report } = await hooks.open();
    const room: Omit<Room, 'activations'> = {
      largest: gpu.largestTensor,
      memory: memory ?? defaultMemory(report),
      tuning: gpu.tuning,
    };
    const open = async () => {
      await gpu.trim(); // other shapes come next, and each training's memory is counted alone
      return hooks.open();
    };
    const done: Sample[] = [];
    const rejected: Rejected[] = [];
    const write = () => {
      const ranked = rankSamples(done);
      return { ranked, rejected, paths: writeSearch(options.out, { ranked, rejected }) };
    };
    hooks.onSplit?.(split.train.length);
    for (let sample = 0; sample < samples; sample++) {
      const drawn = drawSample(space, seed, sample, (settings) => {
        const architecture = { inputShape, ...settledIn(settings).network };
        const batches = batchSizes(split.train.length, settings['batch-size']);
        return whyNot(architecture, batches, { ...room, activations: settings.activations });
      });
      const { settings } = drawn;
      rejected.push(...drawn.rejected);
      const out = path.join(options.out, sampleName(sample));
      const job: TrainJobOptions = { ...data, out, ...settledIn(settings) };
      const identity = identityOf(job, { inputShape, ...job.network }, split);
      const ended = await trainSample(job, identity, { ...hooks, open });
      if (ended === null) return { ...write(), interrupted: true };
      const { known, ...result } = ended;
      done.push({ sample, settings, out, ...result });
      write();
      hooks.onResult?.(done[sample], known);
    }
    const searched = write();
    writeSidecar(options.out, 'search', {
      command: 'search',
      options: { ...options, memory: room.memory },
      seed,
      adapter: report,
      startedAt,
      finishedAt: new Date(),
      results: { ranked: searched.ranked, rejected },
    });
    return { ...searched, interrupted: false };
  } finally {
    output.close();
  }
}

/** One training to its end, or to its failure; null after an abort. `known`: it was there before. */
async function trainSample(
  job: TrainJobOptions,
  identity: TrainIdentity,
  { open, signal, onStep }: SearchHooks,
): Promise<(Pick<Sample, 'best' | 'epochs' | 'failure'> & { known: boolean }) | null> {
  const failed = (failure: string, known: boolean) => ({ best: null, epochs: null, failure, known });
  const before = failureBefore(job.out, identity, job.overwrite);
  if (before !== null) return failed(before, true);
  try {
    const { best, epochs, interrupted, finishedBefore } = await trainNetwork(job, {
      open,
      ...(signal && { signal }),
      ...(onStep && { onStep }),
    });
    return interrupted ? null : { best, epochs, failure: null, known: finishedBefore };
  } catch (error) {
    if (!(error instanceof TrainingFailed)) throw error;
    const failure = `${error.where}: ${error.what}`;
    recordFailure(job.out, { failure, identity });
    return failed(failure, false);
  }
}

/** Folder of a sample, as sample-03. */
export function sampleName(sample: number): string {
  return `sample-${String(sample).padStart(2, '0')}`;
}
