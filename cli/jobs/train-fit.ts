import type { Session } from '../../cohort/session.ts';
import type { Split } from '../../cohort/splits/folds.ts';
import type { Gpu } from '../../engine/gpu.ts';
import type { Architecture } from '../../model/architecture.ts';
import type { TrainState } from '../../model/checkpoint.ts';
import type { EpochsResult } from '../../model/epochs.ts';
import { TrainingFailed } from '../../model/failure.ts';
import type { ImageStore } from '../../model/images.ts';
import { type Initialisation, initialisedWeights } from '../../model/initialise.ts';
import { Network } from '../../model/network.ts';
import { predictLogits } from '../../model/predict.ts';
import { type Epoch, train } from '../../model/train.ts';
import type { Weights } from '../../model/weights.ts';
import { savedEvery } from './saved-every.ts';
import type { TrainHooks, TrainJobOptions } from './train.ts';

/**
 * Trains a network of its own on a split, from fresh weights or from a state.
 *
 * @returns what training gives, and the failure that ended it, if one did
 */
export async function fit(
  gpu: Gpu,
  architecture: Architecture,
  images: ImageStore,
  split: Split,
  { training, checkpointSeconds }: TrainJobOptions,
  { signal, onStep, onEpoch }: TrainHooks,
  {
    from,
    init,
    save,
  }: { from: TrainState | undefined; init: Initialisation | null; save: (state: TrainState) => void },
) {
  const network = new Network(
    gpu,
    architecture,
    from?.weights ?? initialisedWeights(architecture, training.seed, init),
  );
  try {
    const fitted = await train({
      network,
      images,
      train: split.train,
      validation: split.validation,
      options: training,
      from,
      ...savedEvery(checkpointSeconds, save),
      ...(signal && { signal }),
      ...(onStep && { onStep }),
      ...(onEpoch && { onEpoch }),
    });
    return { ...fitted, failure: null };
  } catch (error) {
    if (!(error instanceof TrainingFailed)) throw error;
    // Without a complete epoch there is nothing to keep, and nobody asks for the best.
    const { best, ...result } = error.result as EpochsResult<Epoch>;
    return { ...result, best: best!, failure: error };
  } finally {
    network.release();
  }
}

/** The logits of a network with these weights. */
export async function ask(
  gpu: Gpu,
  architecture: Architecture,
  weights: Weights,
  images: ImageStore,
  sessions: readonly Session[],
  batchSize: number,
): Promise<Float32Array[]> {
  const network = new Network(gpu, architecture, weights);
  try {
    return await predictLogits(network, images, sessions, batchSize);
  } finally {
    network.release();
  }
}
