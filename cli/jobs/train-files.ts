import { rmSync } from 'node:fs';
import path from 'node:path';
import { writeFileAtomic } from '../../cohort/files.ts';
import type { Session } from '../../cohort/session.ts';
import type { Split } from '../../cohort/splits/folds.ts';
import { formatSplit } from '../../cohort/splits/split-table.ts';
import { formatTable } from '../../cohort/table.ts';
import { type Model, writeModel } from '../../model/model-file.ts';
import type { Epoch } from '../../model/train.ts';
import { renderCurves } from '../../report/curves.ts';
import type { Prediction } from './predict.ts';

/** The results of a training that go into files. */
export interface TrainContent {
  readonly model: Model;
  /** at least one */
  readonly epochs: readonly Epoch[];
  /** the epoch that the model is of */
  readonly best: Epoch;
  readonly split: Split;
}

/** Paths of a training's files. */
export interface TrainPaths {
  readonly model: string;
  readonly split: string;
  readonly history: string;
  readonly curves: string;
  readonly predictions: string;
  readonly sidecar: string;
  /** there only while the training is not finished */
  readonly checkpoint: string;
}

/** Where a training's files lie in its folder. */
export function trainPaths(directory: string): TrainPaths {
  const place = (name: string) => path.join(directory, name);
  return {
    model: place(trainMarker),
    split: place('split.tsv'),
    history: place('history.tsv'),
    curves: place('curves.png'),
    predictions: place('predictions.tsv'),
    sidecar: place('train.json'),
    checkpoint: place('checkpoint.safetensors'),
  };
}

/** Marks a folder that holds a training. */
export const trainMarker = 'model.safetensors';

/**
 * Writes a training's model, split and history into a folder. The files of an earlier training there are removed first,
 * so that no table is ever taken for one of this model's.
 */
export function writeTraining(directory: string, { model, epochs, best, split }: TrainContent): void {
  const { checkpoint: _, ...paths } = trainPaths(directory);
  for (const file of Object.values(paths)) rmSync(file, { force: true });
  writeFileAtomic(paths.split, formatSplit({ ...split }));
  writeModel(paths.model, model);
  writeFileAtomic(paths.history, historyTable(epochs));
  writeFileAtomic(paths.curves, curvesPicture(epochs, best));
}

/** Writes what the model says of the validation set: `proba0` is the probability of the first class, and so on. */
export function writePredictions(
  directory: string,
  sessions: readonly Session[],
  answers: readonly Pick<Prediction, 'predicted' | 'probabilities'>[],
  classes: readonly string[],
): void {
  const rows = sessions.map(({ participantId, sessionId, diagnosis }, i) => ({
    participant_id: participantId,
    session_id: sessionId,
    true_label: diagnosis,
    predicted_label: answers[i].predicted,
    ...Object.fromEntries(classes.map((name, c) => [`proba${c}`, answers[i].probabilities[name]])),
  }));
  writeFileAtomic(trainPaths(directory).predictions, formatTable(Object.keys(rows[0]), rows));
}

function historyTable(epochs: readonly Epoch[]): string {
  const rows = epochs.map(({ epoch, trainLoss, validation, seconds }) => ({
    epoch,
    train_loss: trainLoss,
    validation_loss: validation.loss,
    balanced_accuracy: validation.balancedAccuracy,
    sensitivity: validation.sensitivity,
    specificity: validation.specificity,
    seconds: seconds.toFixed(3),
  }));
  return formatTable(Object.keys(rows[0]), rows);
}

function curvesPicture(epochs: readonly Epoch[], best: Epoch): Uint8Array {
  const x = epochs.map(({ epoch }) => epoch);
  return renderCurves(
    [
      { name: 'training loss', x, y: epochs.map(({ trainLoss }) => trainLoss) },
      { name: 'validation loss', x, y: epochs.map(({ validation }) => validation.loss) },
      { name: 'balanced accuracy', x, y: epochs.map(({ validation }) => validation.balancedAccuracy) },
    ],
    {
      title: 'Training',
      yName: 'loss (cross-entropy), accuracy',
      mark: { x: best.epoch, name: `kept: epoch ${best.epoch}` },
    },
  );
}
