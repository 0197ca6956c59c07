import { readFileSync } from 'node:fs';
import { InputError } from '../cohort/error.ts';
import { writeFileAtomic } from '../cohort/files.ts';
import type { AdamState } from '../engine/adam.ts';
import { formatSafetensors, parseSafetensors } from './safetensors.ts';
import type { Epoch } from './train.ts';
import type { WeightArray, Weights } from './weights.ts';

/**
 * A training between two steps: with it, it goes on and ends with the same bits. Random numbers need no state, since each
 * is drawn by the seed and the number of its step; nor does early stopping, which the epochs tell.
 */
export interface TrainState<E = Epoch> {
  /** the epoch under way, from 1, and the steps of it that are done */
  readonly epoch: number;
  readonly step: number;
  /** sum of the losses of its images so far, and how many these were */
  readonly lossSum: number;
  readonly images: number;
  /** the epochs that are complete */
  readonly epochs: readonly E[];
  readonly weights: Weights;
  readonly adam: AdamState;
  /** the weights of the best epoch so far; null before the first is complete */
  readonly best: Weights | null;
}

/** What is kept beside a state, so that it is taken up by the training that it belongs to. */
export interface Checkpoint<E = Epoch> {
  readonly state: TrainState<E>;
  /** the inputs and options of the training, as JSON */
  readonly identity: unknown;
}

/**
 * Writes a checkpoint as safetensors: arrays `weights/...`, `best/...`, `adam.first/N`, `adam.second/N`; all else is JSON in
 * the metadata. Whole or not at all.
 */
export function writeCheckpoint<E>(path: string, { state, identity }: Checkpoint<E>): void {
  const { weights, best, adam, ...progress } = state;
  const arrays: Weights = new Map([
    ...renamed(weights, 'weights/'),
    ...(best ? renamed(best, 'best/') : []),
    ...adam.first.map((data, i) => [`adam.first/${i}`, flat(data)] as const),
    ...adam.second.map((data, i) => [`adam.second/${i}`, flat(data)] as const),
  ]);
  const metadata = {
    format: 'voxmask checkpoint',
    progress: JSON.stringify({ ...progress, adamSteps: adam.steps }),
    identity: JSON.stringify(identity),
  };
  writeFileAtomic(path, formatSafetensors(arrays, metadata));
}

/** Reads a checkpoint of a training whose epochs are such. @throws InputError when it is none, or damaged */
export function readCheckpoint<E = Epoch>(path: string): Checkpoint<E> {
  const { weights: arrays, metadata } = parseSafetensors(readFileSync(path), path);
  try {
    const { adamSteps, ...progress } = JSON.parse(metadata.progress);
    const best = taken(arrays, 'best/');
    const moments = (name: string) => [...taken(arrays, name).values()].map(({ data }) => data);
    return {
      identity: JSON.parse(metadata.identity),
      state: {
        ...progress,
        epochs: progress.epochs.map(withNumbers),
        weights: taken(arrays, 'weights/'),
        best: best.size > 0 ? best : null,
        adam: { steps: adamSteps, first: moments('adam.first/'), second: moments('adam.second/') },
      },
    };
  } catch (error) {
    throw new InputError(
      path,
      `is no checkpoint of a training (${(error as Error).message})`,
      'Delete it, or give --overwrite, to start anew',
    );
  }
}

function renamed(weights: Weights, prefix: string): [string, WeightArray][] {
  return [...weights].map(([name, array]) => [prefix + name, array]);
}

function taken(arrays: Weights, prefix: string): Weights {
  return new Map(
    [...arrays].flatMap(([name, array]): [string, WeightArray][] =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), array]] : [],
    ),
  );
}

function flat(data: Float32Array): WeightArray {
  return { shape: [data.length], data, type: 'F32' };
}

/** JSON writes what is no number (a sensitivity without a case) as null. */
function withNumbers<E>(epoch: E & { validation?: Epoch['validation'] }): E {
  if (!epoch.validation) return epoch;
  const validation = Object.fromEntries(
    Object.entries(epoch.validation).map(([name, value]) => [name, value ?? Number.NaN]),
  ) as unknown as Epoch['validation'];
  return { ...epoch, validation };
}
