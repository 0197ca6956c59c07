import path from 'node:path';
import type { Split } from '../../cohort/splits/folds.ts';
import type { OpenGpu } from '../../engine/node/open.ts';
import { feedBack } from '../../masking/feedback.ts';
import { type Checkpoint, type TrainState, writeCheckpoint } from '../../model/checkpoint.ts';
import { Network } from '../../model/network.ts';
import { type Epoch, train } from '../../model/train.ts';
import type { Weights } from '../../model/weights.ts';
import { fileDigest } from './digest.ts';
import type { FeedbackHooks, FeedbackOptions } from './feedback.ts';
import type { MaskInputs } from './mask-inputs.ts';
import { placeOneMu } from './mask-mu.ts';
import { checkpointName, maskIdentity } from './mask-resume.ts';
import { savedEvery } from './saved-every.ts';
import { digestsOf } from './train-identity.ts';
import { adapterOf } from './train-resume.ts';
import type { NamedMap } from './validate-inputs.ts';

/** What feedback follows from, but for the adapter: the mask that it makes, the one fed back, and the training. */
export function feedbackIdentity(
  options: FeedbackOptions,
  inputs: MaskInputs,
  sides: Split,
  fedBack: NamedMap,
): object {
  const { training, share } = options;
  return {
    ...maskIdentity(options, inputs),
    mask: fileDigest(fedBack.path),
    share,
    training,
    split: digestsOf(sides),
  };
}

/** What the training starts from and goes on from. */
export interface FeedbackStart {
  readonly sides: Split;
  readonly fedBack: NamedMap;
  readonly identity: object;
  readonly from: Checkpoint | null;
}

/**
 * Trains the network further with the mask over some images. Its last state stays in a checkpoint until feedback is done, so
 * that a later interruption does not cost the training.
 *
 * @returns the weights after the last epoch; null after an abort, which saves the state to go on from
 */
export async function trainFurther(
  { gpu, report }: OpenGpu,
  { out, training, share, checkpointSeconds = 600 }: FeedbackOptions,
  { model, images, mu }: MaskInputs,
  { sides, fedBack, identity, from }: FeedbackStart,
  { signal, onTrainStep }: FeedbackHooks,
): Promise<{ weights: Weights; epochs: readonly Epoch[] } | null> {
  const network = new Network(gpu, model.architecture, from?.state.weights ?? model.weights);
  const mask = gpu.tensor(images.grid.shape, fedBack.mask, 'mask fed back');
  const hidden = await placeOneMu(gpu, mu, images);
  const file = path.join(out, checkpointName);
  const { due, onCheckpoint } = savedEvery(checkpointSeconds, (state: TrainState) =>
    writeCheckpoint(file, { state, identity: { ...identity, adapter: adapterOf(report) } }),
  );
  let complete = false;
  try {
    const { epochs, interrupted } = await train({
      network,
      images,
      train: sides.train,
      validation: sides.validation,
      options: { ...training, patience: training.epochs },
      alter: (x, step) => feedBack({ mask, mu: hidden, share, seed: training.seed }, x, step, gpu),
      from: from?.state,
      due: () => complete || due(),
      onCheckpoint,
      onEpoch: ({ epoch }) => {
        complete = epoch === training.epochs;
      },
      ...(signal && { signal }),
      ...(onTrainStep && { onStep: onTrainStep }),
    });
    return interrupted ? null : { weights: await network.download(), epochs };
  } finally {
    for (const tensor of [mask, hidden]) tensor.release();
    network.release();
  }
}
