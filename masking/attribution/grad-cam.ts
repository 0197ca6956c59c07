import { InputError } from '../../cohort/error.ts';
import { classScore } from '../../engine/ops/class-score.ts';
import { Tape } from '../../engine/tape.ts';
import type { Tensor } from '../../engine/tensor.ts';
import type { Architecture } from '../../model/architecture.ts';
import { batchOf, type Subject } from './subject.ts';
import { blockGeometry, upsample } from './upsample.ts';

export interface GradCamOptions {
  /** counted from 0; null for the deepest one whose output has four voxels along every axis, else the first */
  readonly block: number | null;
}

/** The block that Grad-CAM looks at. @throws InputError for one that the network does not have */
export function blockOf(architecture: Architecture, { block }: GradCamOptions): number {
  const last = architecture.channels.length - 1;
  if (block === null) {
    const fine = architecture.channels.findLastIndex((_, i) =>
      blockGeometry(architecture, i).shape.every((size) => size >= 4),
    );
    return Math.max(0, fine);
  }
  if (Number.isInteger(block) && block >= 0 && block <= last) return block;
  throw new InputError('Grad-CAM', `the network has no block ${block}`, `Choose one from 0 to ${last}`);
}

/**
 * Grad-CAM (Selvaraju et al. 2017) in 3D at the output of a block: the channels' activations weighted by the mean of the
 * score's gradient over each channel, their positive part, brought to the image's grid by trilinear interpolation.
 *
 * @throws InputError for a block that the network does not have
 */
export async function gradCam(
  subject: Subject,
  image: Float32Array,
  options: GradCamOptions,
): Promise<Float32Array> {
  const { architecture } = subject.network;
  const block = blockOf(architecture, options);
  const { activations, slopes, channels } = await atBlock(subject, image, block);
  const geometry = blockGeometry(architecture, block);
  const voxels = activations.length / channels;
  const map = new Float64Array(voxels);
  for (let c = 0; c < channels; c++) {
    const slope = slopes.subarray(c * voxels, (c + 1) * voxels);
    const weight = slope.reduce((sum, value) => sum + value, 0) / voxels;
    for (let u = 0; u < voxels; u++) map[u] += weight * activations[c * voxels + u];
  }
  return upsample(
    Float32Array.from(map, (value) => Math.max(0, value)),
    geometry,
    architecture.inputShape,
  );
}

/** A block's output for an image, and the score's gradient with respect to it: the tape goes back no further. */
async function atBlock({ network, ...subject }: Subject, image: Float32Array, wanted: number) {
  const { gpu } = network;
  network.setTrainable(false);
  const tape = new Tape(gpu);
  const x = batchOf({ network, ...subject }, [image]);
  const kept: Tensor[] = [];
  const logits = network.forward(tape, x, 'evaluation', gpu.largestTensor, (block, parts) => {
    if (block !== wanted) return;
    for (const part of parts) {
      part.requiresGrad = true;
      kept.push(part.share());
    }
  });
  x.release();
  const [output] = kept; // one image is one part
  const score = classScore(tape, logits, subject.classIndex, subject.score);
  logits.release();
  const gradients = tape.backward(score);
  score.release();
  const [activations, slopes] = await gpu.readAll([output, gradients.of(output)]);
  gradients.release();
  output.release();
  return { activations, slopes, channels: output.shape[1] };
}
