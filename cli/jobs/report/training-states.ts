import { existsSync } from 'node:fs';
import path from 'node:path';
import { readTable, type Table } from '../../../cohort/table.ts';
import { type ChanceTest, chanceTest } from '../../../model/chance.ts';
import { isFalling, readTrainingState, type TrainingState } from '../../../model/training-state.ts';
import { attempt, type Context } from './context.ts';
import { member, numberOf } from './numbers.ts';
import type { Result } from './results.ts';

/** How a training ended: as it was recorded, or, of an earlier version, as its history and its predictions tell. */
export function stateOf(context: Context, result: Result, losses: readonly number[]): TrainingState {
  const recorded = readTrainingState(result.results.state);
  if (recorded) return recorded;
  const interrupted = result.results.interrupted === true;
  const epochs = numberOf(member(result.options, 'training', 'epochs')) ?? Number.POSITIVE_INFINITY;
  return {
    stopped: interrupted ? 'interrupted' : losses.length < epochs ? 'patience' : 'limit',
    stillFalling: !interrupted && isFalling(losses, epochs),
    chance: chanceOf(predictionsOf(context, result)),
  };
}

/** A test of predictions against chance; null where there are none. */
export function chanceOf(predictions: Table['rows']): ChanceTest | null {
  const names = [...new Set(predictions.flatMap((row) => [row.true_label, row.predicted_label]))];
  return chanceTest(
    predictions.map((row) => ({
      participantId: row.participant_id,
      label: names.indexOf(row.true_label),
      predicted: names.indexOf(row.predicted_label),
    })),
  );
}

/** What a kept network says of its validation set; none where that was not written. */
export function predictionsOf(context: Context, { folder }: Result): Table['rows'] {
  const file = firstOf(
    folder,
    'best-balanced_accuracy/validation/validation_image_level_prediction.tsv',
    'predictions.tsv',
  );
  return (file && attempt(context, context.identity.file(file), () => readTable(file).rows)) || [];
}

/** The first of several files that a folder has; earlier versions wrote others. */
export function firstOf(folder: string, ...names: readonly string[]): string | null {
  return names.map((name) => path.join(folder, name)).find((file) => existsSync(file)) ?? null;
}
