import { classScore, type ScoreKind } from '../../engine/ops/class-score.ts';
import { Tape } from '../../engine/tape.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { softmax } from '../../model/metrics.ts';
import type { Network } from '../../model/network.ts';
import { imagesAtOnce } from '../../model/partition.ts';

/** Whose decision is attributed to voxels: a network in evaluation mode, a class, and what of its output counts. */
export interface Subject {
  readonly network: Network;
  readonly classIndex: number;
  readonly score: ScoreKind;
  /** what a voxel without information is: one number, or one per voxel */
  readonly mu: number | Float32Array;
}

/** mu of a voxel. */
export function muAt(mu: Subject['mu'], voxel: number): number {
  return typeof mu === 'number' ? mu : mu[voxel];
}

/** How many of `wanted` images the device can bind as one batch. */
export function together({ network }: Subject, wanted: number): number {
  const { gpu, architecture } = network;
  return Math.min(wanted, imagesAtOnce(architecture.inputShape, gpu.largestTensor));
}

/** Images side by side as one batch on the GPU, [n, 1, x, y, z]; the caller releases it. */
export function batchOf({ network }: Subject, images: readonly Float32Array[]): Tensor {
  const { inputShape } = network.architecture;
  const data = new Float32Array(images.length * images[0].length);
  images.forEach((image, i) => {
    data.set(image, i * image.length);
  });
  return network.gpu.tensor([images.length, 1, ...inputShape], data, 'images');
}

/** The class's score of each image of a batch [n, 1, x, y, z]. */
export async function scoresOf({ network, classIndex, score }: Subject, x: Tensor): Promise<number[]> {
  network.setTrainable(false);
  const logits = network.forward(new Tape(network.gpu), x, 'evaluation');
  const values = await network.gpu.read(logits);
  logits.release();
  const [n, classes] = logits.shape;
  return Array.from({ length: n }, (_, i) => {
    const row = values.subarray(i * classes, (i + 1) * classes);
    if (score === 'logit') return row[classIndex];
    const probability = softmax(row)[classIndex];
    return score === 'probability' ? probability : Math.log(probability);
  });
}

/**
 * Gradient of each image's own score with respect to it.
 *
 * @param x [n, 1, x, y, z]
 * @returns values of the batch's shape
 */
export async function inputGradients(subject: Subject, x: Tensor): Promise<Float32Array> {
  const { network } = subject;
  const [n] = x.shape;
  network.setTrainable(false);
  const tape = new Tape(network.gpu);
  const leaf = x.share();
  leaf.requiresGrad = true;
  const logits = network.forward(tape, leaf, 'evaluation');
  const score = classScore(tape, logits, subject.classIndex, subject.score);
  logits.release();
  const gradients = tape.backward(score);
  score.release();
  const values = await network.gpu.read(gradients.of(leaf));
  gradients.release();
  leaf.release();
  return n === 1 ? values : values.map((value) => n * value); // the score is the batch's mean
}
