import { readFileSync } from 'node:fs';
import { InputError } from '../cohort/error.ts';
import { writeFileAtomic } from '../cohort/files.ts';
import type { MaskState } from '../engine/ops/mask-step.ts';
import { formatSafetensors, parseSafetensors } from '../model/safetensors.ts';
import type { WeightArray } from '../model/weights.ts';
import type { MaskEpoch } from './group.ts';
import type { MaskLoss } from './objective.ts';

/**
 * A group mask between two steps: with it, it goes on and ends with the same bits. The order of the images follows from the
 * seed and the epoch's number, and early stopping from the epochs.
 */
export interface GroupState {
  /** the epoch under way, from 1 */
  readonly epoch: number;
  /** losses of its steps so far, which are done */
  readonly losses: readonly MaskLoss[];
  /** the epochs that are complete */
  readonly epochs: readonly MaskEpoch[];
  readonly mover: MaskState;
  /** the mask of the best epoch so far; null before the first is complete */
  readonly best: Float32Array | null;
}

/**
 * Writes a state as safetensors: arrays `mask`, `moments`, `best`; all else is JSON in the metadata. Whole or not at all.
 *
 * @param identity what the mask is made from, as JSON, so that the state is taken up by the run that it belongs to
 */
export function writeGroupState(file: string, state: GroupState, identity: unknown): void {
  const { mover, best, ...progress } = state;
  const arrays = new Map<string, WeightArray>([
    ['mask', flat(mover.masks)],
    ['moments', flat(mover.moments)],
    ...(best ? [['best', flat(best)] as const] : []),
  ]);
  const metadata = {
    format: 'voxmask group mask checkpoint',
    progress: JSON.stringify({ ...progress, steps: mover.steps }),
    identity: JSON.stringify(identity),
  };
  writeFileAtomic(file, formatSafetensors(arrays, metadata));
}

/** Reads a state. @throws InputError when the file holds none, or is damaged */
export function readGroupState(file: string): { state: GroupState; identity: unknown } {
  const { weights, metadata } = parseSafetensors(readFileSync(file), file);
  const [mask, moments] = ['mask', 'moments'].map((name) => weights.get(name)?.data);
  if (metadata.format !== 'voxmask group mask checkpoint' || !mask || !moments) {
    throw new InputError(
      file,
      'is no checkpoint of a group mask',
      'Delete it, or give --overwrite, to start anew',
    );
  }
  const { steps, ...progress } = JSON.parse(metadata.progress);
  return {
    identity: JSON.parse(metadata.identity),
    state: { ...progress, mover: { masks: mask, moments, steps }, best: weights.get('best')?.data ?? null },
  };
}

function flat(data: Float32Array): WeightArray {
  return { shape: [data.length], data, type: 'F32' };
}
