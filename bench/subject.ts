import { Adam } from '../engine/adam.ts';
import type { Gpu } from '../engine/gpu.ts';
import type { Activations } from '../engine/ops/convolved.ts';
import { softmaxCrossEntropy } from '../engine/ops/cross-entropy.ts';
import { Tape } from '../engine/tape.ts';
import type { Tensor } from '../engine/tensor.ts';
import { MaskTrainer } from '../masking/mask-trainer.ts';
import { MaskObjective, objectiveDefaults } from '../masking/objective.ts';
import type { Architecture } from '../model/architecture.ts';
import { Network } from '../model/network.ts';
import { trainDefaults } from '../model/train.ts';
import { initialWeights } from '../model/weights.ts';

/** What is timed: one step of a kind of work that the program does. */
export type Work =
  | 'mask step'
  | 'training step'
  | 'training step, float16'
  | 'training step, recomputed'
  | 'inference';

/** A step of training by what is done with its volumes. */
export const trainingWork = {
  float32: 'training step',
  float16: 'training step, float16',
  recomputed: 'training step, recomputed',
} as const satisfies Readonly<Record<Activations, Work>>;

/** Repeats one kind of work on a batch of made-up images; `step` records and submits, its promise ends with the GPU. */
export interface Subject {
  readonly step: () => Promise<unknown>;
  readonly release: () => void;
}

/**
 * Makes a network with random weights and images [batch, 1, ...inputShape], and a step on them as the program takes it.
 *
 * @throws GpuError when the device cannot hold them
 */
export function subject(gpu: Gpu, architecture: Architecture, work: Work, batch: number): Subject {
  const network = new Network(gpu, architecture, initialWeights(architecture, 0));
  const images = madeUpImages(gpu, architecture, batch);
  const parts = { network, images };
  const { step, release } = subjects[work](gpu, parts);
  return {
    step,
    release: () => {
      release();
      images.release();
      network.release();
    },
  };
}

const subjects: Readonly<Record<Work, (gpu: Gpu, parts: Parts) => Subject>> = {
  'mask step': masking,
  'training step': (gpu, parts) => training(gpu, parts, 'float32'),
  'training step, float16': (gpu, parts) => training(gpu, parts, 'float16'),
  'training step, recomputed': (gpu, parts) => training(gpu, parts, 'recomputed'),
  inference,
};

interface Parts {
  readonly network: Network;
  readonly images: Tensor;
}

function madeUpImages(gpu: Gpu, { inputShape }: Architecture, batch: number): Tensor {
  const shape = [batch, 1, ...inputShape];
  const size = shape.reduce((product, extent) => product * extent);
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) values[i] = Math.abs(Math.sin(0.37 * i)) * 0.9;
  return gpu.tensor(shape, values, 'images');
}

function masking(gpu: Gpu, { network, images }: Parts): Subject {
  const mu = gpu.full([1], 1, 'mu');
  const trainer = new MaskTrainer(
    new MaskObjective(network, mu, 1, objectiveDefaults),
    images.shape.slice(2),
    0.1,
  );
  const release = () => {
    trainer.release();
    mu.release();
  };
  return { step: () => trainer.step(images, 'made-up images'), release };
}

function training(gpu: Gpu, { network, images }: Parts, activations: Activations): Subject {
  network.setTrainable(true);
  const { learningRate, weightDecay } = trainDefaults;
  const adam = new Adam(gpu, network.parameters(), { learningRate, weightDecay });
  const labels = gpu.tensor(
    [images.shape[0]],
    Uint32Array.from({ length: images.shape[0] }, (_, i) => i % 2),
    'labels',
  );
  let steps = 0;
  const step = () => {
    const tape = new Tape(gpu);
    const logits = network.forward(tape, images, { draw: { seed: 0, step: steps++ }, activations });
    const loss = softmaxCrossEntropy(tape, logits, labels);
    logits.release();
    const gradients = tape.backward(loss);
    adam.step(gradients);
    gradients.release();
    const value = gpu.read(loss);
    loss.release();
    return value;
  };
  const release = () => {
    adam.release();
    labels.release();
  };
  return { step, release };
}

function inference(gpu: Gpu, { network, images }: Parts): Subject {
  network.setTrainable(false);
  const step = () => {
    const logits = network.forward(new Tape(gpu), images, 'evaluation');
    const values = gpu.read(logits);
    logits.release();
    return values;
  };
  return { step, release: () => {} };
}
