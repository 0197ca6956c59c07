import path from 'node:path';
import { writeFileAtomic } from '../../cohort/files.ts';
import type { Split } from '../../cohort/splits/folds.ts';
import { formatSplit } from '../../cohort/splits/split-table.ts';
import { formatTable } from '../../cohort/table.ts';
import { type AutoencoderModel, autoencoderName, writeAutoencoder } from '../../model/autoencoder-file.ts';
import type { PretrainEpoch } from '../../model/pretrain.ts';
import { renderCurves } from '../../report/curves.ts';
import { type Reconstruction, renderReconstructions } from '../../report/reconstructions.ts';

/** The results of a pretraining that go into files. */
export interface PretrainContent {
  readonly model: AutoencoderModel;
  /** at least one */
  readonly epochs: readonly PretrainEpoch[];
  /** the epoch that the model is of */
  readonly best: PretrainEpoch;
  /** validation may be empty */
  readonly split: Split;
  readonly learningRate: number;
}

/** Paths of a pretraining's files. */
export interface PretrainPaths {
  readonly autoencoder: string;
  readonly split: string;
  readonly history: string;
  readonly curves: string;
  readonly reconstructions: string;
  readonly sidecar: string;
  /** there only while it is not finished */
  readonly checkpoint: string;
}

/** Where a pretraining's files lie in its folder. */
export function pretrainPaths(directory: string): PretrainPaths {
  const place = (name: string) => path.join(directory, name);
  return {
    autoencoder: place(autoencoderName),
    split: place('split.tsv'),
    history: place('history.tsv'),
    curves: place('curves.png'),
    reconstructions: place('reconstructions.png'),
    sidecar: place('pretrain.json'),
    checkpoint: place('checkpoint.safetensors'),
  };
}

/** Writes a pretraining's autoencoder, split and history into a folder. */
export function writePretraining(directory: string, content: PretrainContent): void {
  const { model, epochs, best, split, learningRate } = content;
  const { checkpoint: _, ...paths } = pretrainPaths(directory);
  writeFileAtomic(paths.split, formatSplit({ ...split }));
  writeAutoencoder(paths.autoencoder, model);
  const rows = epochs.map(({ epoch, trainLoss, validationLoss, seconds }) => ({
    epoch,
    train_loss: trainLoss,
    validation_loss: validationLoss ?? Number.NaN,
    learning_rate: learningRate,
    images_per_second: Number((split.train.length / seconds).toFixed(3)),
    seconds: Number(seconds.toFixed(3)),
  }));
  writeFileAtomic(paths.history, formatTable(Object.keys(rows[0]), rows));
  writeFileAtomic(paths.curves, curvesPicture(epochs, best));
}

/** Draws images beside what the autoencoder makes of them. */
export function writeReconstructions(
  directory: string,
  { grid }: Pick<AutoencoderModel, 'grid'>,
  items: readonly Reconstruction[],
): void {
  const picture = renderReconstructions('Images and their reconstructions', grid, items);
  writeFileAtomic(pretrainPaths(directory).reconstructions, picture);
}

function curvesPicture(epochs: readonly PretrainEpoch[], best: PretrainEpoch): Uint8Array {
  const x = epochs.map(({ epoch }) => epoch);
  const curves = [{ name: 'training loss', x, y: epochs.map(({ trainLoss }) => trainLoss) }];
  if (best.validationLoss !== null) {
    const y = epochs.map(({ validationLoss }) => validationLoss ?? Number.NaN);
    curves.push({ name: 'validation loss', x, y });
  }
  return renderCurves(curves, {
    title: 'Pretraining',
    yName: 'mean squared error',
    logY: true,
    mark: { x: best.epoch, name: `kept: epoch ${best.epoch}` },
  });
}
