import path from 'node:path';
import { writeFileAtomic } from '../../cohort/files.ts';
import type { Session } from '../../cohort/session.ts';
import type { Split } from '../../cohort/splits/folds.ts';
import { formatSplit } from '../../cohort/splits/split-table.ts';
import { formatTable } from '../../cohort/table.ts';
import { type Model, writeModel } from '../../model/model-file.ts';
import { bestFolder, modelName, splitName } from '../../model/model-folder.ts';
import type { Epoch } from '../../model/train.ts';
import { renderCurves } from '../../report/curves.ts';
import { type GroupPaths, groupPaths } from './group-files.ts';
import { pathsIn, requirePart } from './output.ts';
import { formatEvents } from './tensorboard.ts';

/** The results of a training that go into files. */
export interface TrainContent {
  readonly model: Model;
  /** at least one */
  readonly epochs: readonly Epoch[];
  /** the epoch that the model is of */
  readonly best: Epoch;
  readonly split: Split;
  /** of a session's image; null where it is not known */
  readonly fingerprint: (session: Session) => string | null;
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
  /** what the network says of its two sides; of the training set only once the training is finished */
  readonly validation: GroupPaths;
  readonly train: GroupPaths;
  readonly sidecar: string;
  /** there only while the training is not finished */
  readonly checkpoint: string;
}

/** Where a training's files lie in its folder, with ClinicaDL's names. */
export function trainPaths(directory: string): TrainPaths {
  const place = (...names: string[]) => path.join(directory, ...names);
  const log = (...names: string[]) => place('training_logs', ...names);
  return {
    model: place(trainMarker),
    split: place(splitName),
    history: log('training.tsv'),
    historyLines: log('training.jsonl'),
    events: log('tensorboard', 'events.out.tfevents.0.voxmask'),
    curves: log('curves.png'),
    validation: groupPaths(place(bestFolder), 'validation'),
    train: groupPaths(place(bestFolder), 'train'),
    sidecar: place('train.json'),
    checkpoint: place('checkpoint.safetensors'),
  };
}

/** Makes sure, before an earlier part of a command takes hours, that a training can be written. @throws InputError */
export function requireTraining(directory: string, overwrite: boolean): void {
  const paths = trainPaths(directory);
  requirePart(directory, { by: 'train', overwrite }, pathsIn(paths), paths.sidecar);
}

/** Marks a folder that contains a training. */
export const trainMarker = path.join(bestFolder, modelName);

/**
 * Writes a training's model, split and history into a folder. The files of an earlier training there are removed first,
 * with what was evaluated of it, so that no table is ever taken for one of this model's.
 */
export function writeTraining(directory: string, content: TrainContent): void {
  const { model, epochs, best, split, learningRate } = content;
  const { checkpoint: _, ...paths } = trainPaths(directory);
  writeFileAtomic(paths.split, formatSplit({ ...split }, content.fingerprint));
  writeModel(paths.model, model);
  const rows = epochs.map((epoch) => historyRow(epoch, { learningRate, images: split.train.length }));
  writeFileAtomic(paths.history, formatTable(Object.keys(rows[0]), rows));
  writeFileAtomic(paths.historyLines, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  writeFileAtomic(paths.events, events(rows));
  writeFileAtomic(paths.curves, curvesPicture(epochs, best));
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
