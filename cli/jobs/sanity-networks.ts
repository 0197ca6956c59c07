import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Cohort } from '../../cohort/cohort.ts';
import { InputError } from '../../cohort/error.ts';
import { writeFileAtomic } from '../../cohort/files.ts';
import { OutputFolder } from '../../cohort/output/folder.ts';
import { fingerprintsIn, formatSplit, readSplit } from '../../cohort/splits/split-table.ts';
import type { OpenGpu } from '../../engine/node/open.ts';
import { calibrateNormalisation } from '../../model/calibrate.ts';
import { ImageStore } from '../../model/images.ts';
import { type Metrics, metricsOf } from '../../model/metrics.ts';
import { type Model, readModel, writeModel } from '../../model/model-file.ts';
import { Network } from '../../model/network.ts';
import { predictLogits } from '../../model/predict.ts';
import { labelOf } from '../../model/train-step.ts';
import { initialWeights } from '../../model/weights.ts';
import { readNotedCohort } from './noted-cohort.ts';
import { type TrainHooks, type TrainJobOptions, trainNetwork } from './train.ts';

/** A file of a training: in the folder of its model, or the one above. @throws InputError when it is in neither */
export function besideModel(model: string, name: string, remedy: string): string {
  const folder = path.dirname(model);
  const found = [folder, path.dirname(folder)].map((place) => path.join(place, name)).find(existsSync);
  if (found) return found;
  throw new InputError(path.join(folder, name), 'does not exist', remedy);
}

/** The sidecar of a model's training. @throws InputError when there is none */
export function trainingOf(model: string): string {
  return besideModel(
    model,
    'train.json',
    'Its options are needed to train one on shuffled labels alike; else give such a network with --shuffled',
  );
}

/** What controls are made from. */
export interface ControlSources {
  readonly model: string;
  readonly cohort: string;
  readonly split: string;
  readonly seed: number;
}

/** Where a network that was never trained is. */
export function randomFiles(directory: string) {
  return { model: path.join(directory, 'model.safetensors'), split: path.join(directory, 'split.tsv') };
}

/**
 * A network of the trained one's architecture with weights as they are drawn, and batch normalisation by the statistics of the
 * training images. One that is there already is taken as it is.
 *
 * @returns the path of its model
 */
export async function randomNetwork(
  directory: string,
  { model: trained, cohort, split, seed }: ControlSources,
  open: () => Promise<OpenGpu>,
): Promise<string> {
  const files = randomFiles(directory);
  if (existsSync(files.model)) return files.model;
  const model = readModel(trained);
  const sides = readSplit(split, readNotedCohort(cohort, model.architecture.classes));
  const { gpu } = await open();
  const network = new Network(gpu, model.architecture, initialWeights(model.architecture, seed));
  try {
    const images = imagesOf(model, sides.train[0]);
    const batchSize = Math.min(8, sides.train.length);
    await calibrateNormalisation(network, images, sides.train, batchSize, seed);
    writeFileAtomic(files.split, formatSplit({ ...sides }, fingerprintsIn(split)));
    writeModel(files.model, { ...model, weights: await network.download() });
    return files.model;
  } finally {
    network.release();
  }
}

/**
 * A network trained with the trained one's options on shuffled labels. Goes on where it was stopped; a finished one is not
 * trained again, unless it was changed and may be overwritten.
 *
 * @returns the path of its model; null after an abort
 * @throws InputError when the trained network's options are not known
 */
export async function shuffledNetwork(
  directory: string,
  { model, cohort, split, seed, overwrite }: ControlSources & { readonly overwrite: boolean },
  hooks: TrainHooks,
): Promise<string | null> {
  const sidecar = trainingOf(model);
  const { options } = JSON.parse(readFileSync(sidecar, 'utf8')) as { options: TrainJobOptions };
  const { inputShape: _, ...network } = readModel(model).architecture;
  const { interrupted, paths } = await trainNetwork(
    {
      ...options,
      cohort,
      split,
      network,
      out: directory,
      overwrite: overwrite && !OutputFolder.view(directory, { by: 'train', overwrite }).isUnchanged(),
      training: { ...options.training, seed },
      shuffleLabels: true,
    },
    hooks,
  );
  return interrupted || !paths ? null : paths.model;
}

/** How well a network knows the true labels of the participants that trained it, and of those that validated it. */
export interface Knowledge {
  readonly train: Metrics;
  readonly validation: Metrics;
}

/** A network's metrics on both sides of a split. */
export async function knowledgeOf(
  place: string,
  cohortFile: string,
  split: string,
  open: OpenGpu,
): Promise<Knowledge> {
  const model = readModel(place);
  const cohort: Cohort = readNotedCohort(cohortFile, model.architecture.classes);
  const sides = readSplit(split, cohort);
  const network = new Network(open.gpu, model.architecture, model.weights);
  try {
    const images = imagesOf(model, sides.train[0]);
    const of = async (side: 'train' | 'validation') => {
      const logits = await predictLogits(network, images, sides[side], 4);
      const labels = sides[side].map((session) => labelOf(network, session));
      return metricsOf(logits, labels, model.architecture.classes.length);
    };
    return { train: await of('train'), validation: await of('validation') };
  } finally {
    network.release();
  }
}

function imagesOf({ grid, intensity }: Model, first: Cohort['sessions'][number]): ImageStore {
  return grid ? new ImageStore(grid, { intensity }) : ImageStore.like(first, { intensity });
}
