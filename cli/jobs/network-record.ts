import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { ChanceTest } from '../../model/chance.ts';
import { splitBeside } from '../../model/model-folder.ts';
import { readTrainingState, type TrainingState } from '../../model/training-state.ts';
import { trainPaths } from './train-files.ts';

/**
 * How a network's training ended, as it recorded it.
 *
 * @param model its file
 * @returns null where there is no such record: an imported network, one of an earlier version, one of random weights
 */
export function recordedState(model: string): TrainingState | null {
  try {
    const { results } = JSON.parse(
      readFileSync(trainPaths(path.dirname(splitBeside(model))).sidecar, 'utf8'),
    );
    return readTrainingState(results?.state);
  } catch {
    return null; // none there, or no results file of a training
  }
}

/** Whether a network's validation accuracy was above chance, as `recordedState` takes and gives it. */
export function recordedChance(model: string): ChanceTest | null {
  return recordedState(model)?.chance ?? null;
}
