import { rmSync } from 'node:fs';
import path from 'node:path';
import { writeFileAtomic } from '../../cohort/files.ts';
import type { Session } from '../../cohort/session.ts';
import type { Split } from '../../cohort/splits/folds.ts';
import { formatSplit } from '../../cohort/splits/split-table.ts';
import { formatTable } from '../../cohort/table.ts';
import { type Model, modelName, writeModel } from '../../model/model-file.ts';
import type { Epoch } from '../../model/train.ts';
import { renderCurves } from '../../report/curves.ts';
import type { Prediction } from './predict.ts';
import { formatEvents } from './tensorboard.ts';

/** The results of a training that go into files. */
export interface TrainContent {
  readonly model: Model;
  /** at least one */
  readonly epochs: readonly Epoch[];
  /** the epoch that the model is of */
  readonly best: Epoch;
  readonly split: Split;
  readonly learningRate: number;
}

/** What an epoch's time is measured by. */
interface Pace {
  readonly learningRate: number;
  /** that an epoch trains on */
  readonly images: number;
}

/** Paths of a training's files. */
export interface TrainPaths {
  readonly model: string;
  readonly split: string;
  readonly history: string;
  /** the same as JSON, a line per epoch */
  readonly historyLines: string;
  /** the same for TensorBoard */
  readonly events: string;
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
    historyLines: place('history.jsonl'),
    events: place('events.out.tfevents.0.voxmask'),
    curves: place('curves.png'),
    predictions: place('predictions.tsv'),
    sidecar: place('train.json'),
    checkpoint: place('checkpoint.safetensors'),
  };
}

/** Marks a folder that holds a training. */
export const trainMarker = modelName;

/**
 * Writes a training's model, split and history into a folder. The files of an earlier training there are removed first,
 * so that no table is ever taken for one of this model's.
 */
export function writeTraining(directory: string, content: TrainContent): void {
  const { model, epochs, best, split, learningRate } = content;
  const { checkpoint: _, ...paths } = trainPaths(directory);
  for (const file of Object.values(paths)) rmSync(file, { force: true });
  writeFileAtomic(paths.split, formatSplit({ ...split }));
  writeModel(paths.model, model);
  const rows = epochs.map((epoch) => historyRow(epoch, { learningRate, images: split.train.length }));
  writeFileAtomic(paths.history, formatTable(Object.keys(rows[0]), rows));
  writeFileAtomic(paths.historyLines, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  writeFileAtomic(paths.events, events(rows));
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

/** An epoch as the histories tell it. */
function historyRow({ epoch, trainLoss, validation, seconds }: Epoch, { learningRate, images }: Pace) {
  return {
    epoch,
    train_loss: trainLoss,
    validation_loss: validation.loss,
    balanced_accuracy: validation.balancedAccuracy,
    sensitivity: validation.sensitivity,
    specificity: validation.specificity,
    learning_rate: learningRate,
    images_per_second: Number((images / seconds).toFixed(3)),
    seconds: Number(seconds.toFixed(3)),
  };
}

/** A curve for each column of the history. */
function events(rows: readonly ReturnType<typeof historyRow>[]): Uint8Array {
  let time = 0;
  const scalars = rows.flatMap(({ epoch: step, seconds, ...values }) => {
    time += seconds;
    return Object.entries(values)
      .filter(([, value]) => Number.isFinite(value))
      .map(([tag, value]) => ({ step, time, tag, value }));
  });
  return formatEvents(scalars);
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
