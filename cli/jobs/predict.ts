import { InputError } from '../../cohort/error.ts';
import { readGrid } from '../../cohort/nifti.ts';
import type { Session } from '../../cohort/session.ts';
import { describeGrid, describeGrids, type Grid, sameGrid } from '../../cohort/volume.ts';
import type { OpenGpu } from '../../engine/node/open.ts';
import { ImageStore } from '../../model/images.ts';
import { largestOf, softmax } from '../../model/metrics.ts';
import { type Model, readModel } from '../../model/model-file.ts';
import { modelFile } from '../../model/model-folder.ts';
import { Network } from '../../model/network.ts';
import { predictLogits } from '../../model/predict.ts';

export interface PredictOptions {
  readonly model: string;
  /** paths of the images, each a session's gray-matter map */
  readonly images: readonly string[];
  readonly batchSize: number;
}

export interface PredictHooks {
  /** Opens the GPU; called once the model and the images' headers are known to be sound. Whoever opened it closes it. */
  readonly open: () => Promise<OpenGpu>;
  readonly onImage?: (done: number) => void;
}

/** What the network says of one image. */
export interface Prediction {
  /** as it was given */
  readonly path: string;
  /** the class of highest probability; of equals the first */
  readonly predicted: string;
  /** by class, in the order of the network's outputs; they sum to 1 */
  readonly probabilities: Readonly<Record<string, number>>;
}

export interface PredictResult {
  readonly classes: readonly string[];
  /** one per image, in the order given */
  readonly images: readonly Prediction[];
  /** voxels that were no number and were read as 0, by image */
  readonly notNumbers: Readonly<Record<string, number>>;
}

/**
 * A network's prediction for each image (paper, section 2.2.2: softmax of the outputs in evaluation mode).
 *
 * @throws InputError when the model or an image cannot be read, or an image is not of the model's shape and grid
 */
export async function predictImages(
  { model: place, images: paths, batchSize }: PredictOptions,
  { open, onImage }: PredictHooks,
): Promise<PredictResult> {
  const path = modelFile(place);
  const model = readModel(path);
  const { classes } = model.architecture;
  const sessions = paths.map(asSession);
  const images = new GivenImages(model, path, model.grid ?? readGrid(paths[0]));
  images.expect(sessions);
  const { gpu } = await open();
  const network = new Network(gpu, model.architecture, model.weights);
  try {
    const logits = await predictLogits(network, images, sessions, batchSize, onImage);
    return {
      classes,
      images: logits.map((row, i) => ({ path: paths[i], ...predictionOf(row, classes) })),
      notNumbers: Object.fromEntries(images.notNumbers),
    };
  } finally {
    network.release();
  }
}

/** What one image's logits say. */
export function predictionOf(
  logits: ArrayLike<number>,
  classes: readonly string[],
): Pick<Prediction, 'predicted' | 'probabilities'> {
  const probabilities = softmax(logits);
  return {
    predicted: classes[largestOf(logits)],
    probabilities: Object.fromEntries(classes.map((name, i) => [name, probabilities[i]])),
  };
}

/** Images that are read once, for a model, and not kept: each is refused by its own name if it does not fit. */
class GivenImages extends ImageStore {
  private readonly model: Model;
  private readonly modelPath: string;

  constructor(model: Model, modelPath: string, grid: Grid) {
    super(grid, { intensity: model.intensity, keep: false });
    this.model = model;
    this.modelPath = modelPath;
  }

  protected override check({ path }: Session, grid: Grid): void {
    requireFit(grid, path, this.model, this.modelPath);
  }
}

/** Requires a grid that the model takes; one that records no grid takes any of its shape. @throws InputError */
export function requireFit(grid: Grid, path: string, model: Model, modelPath: string): void {
  const { inputShape } = model.architecture;
  if (!inputShape.every((size, axis) => size === grid.shape[axis])) {
    throw new InputError(
      path,
      `has ${describeGrid(grid)}, but ${modelPath} takes ${inputShape.join(' x ')} voxels`,
      'Give images made like those that the network was trained with',
    );
  }
  if (model.grid && !sameGrid(grid, model.grid)) {
    const [its, wanted] = describeGrids(grid, model.grid);
    throw new InputError(
      path,
      `lies on another grid than the images that ${modelPath} was trained with: ${its}, where ${wanted} are wanted`,
      'Resample it to that grid (Clinica t1-volume makes all images on one)',
    );
  }
}

/** An image that belongs to no cohort, in the form that prediction takes. */
function asSession(path: string): Session {
  return {
    participantId: path,
    sessionId: '',
    diagnosis: '',
    age: null,
    sex: null,
    mmse: null,
    cdr: null,
    path,
    line: 0,
  };
}
