import { pooledSize } from '../engine/ops/max-pool3d.ts';
import { convolvedSize } from '../engine/ops/shapes.ts';
import type { SubBlock } from './architecture.ts';
import type { Pass } from './layers.ts';

/** How a sub-block's work is cut so that no tensor exceeds what the device binds at once. */
export interface Cut {
  /** samples of the batch that go together */
  readonly samples: number;
  /** output channels that go together: all of them, but where one sample is too large already */
  readonly groups: readonly number[];
}

/** Channels that a thread of a convolution computes: groups of others leave lanes without work. */
const OCTET = 8;

/**
 * Cuts each sub-block of a network for tensors of at most `bindable` bytes. What goes together never becomes fewer
 * samples from one sub-block to the next, so parts need to be merged only. Evaluation needs less of the first sub-block: of
 * its volume before pooling there is neither value nor gradient. Where training keeps volumes in half precision, gradients
 * are in float32 still, but of one part at a time: parts are small enough that no such gradient is larger than that of one
 * sample in the sub-block where it is largest. Volumes that are computed again exist one part at a time too, of one sample.
 *
 * @param shape the images' voxels along each axis
 */
export function partition(
  layers: readonly SubBlock[],
  shape: readonly number[],
  batch: number,
  bindable: number,
  pass: Pass,
): Cut[] {
  const training = pass !== 'evaluation';
  const sizes = layerSizes(layers, shape);
  const one = Math.max(...sizes.map(({ convolved }, i) => 4 * layers[i].outputs * voxelsOf(convolved)));
  const cuts = sizes.map(({ input, convolved, output }, i): Cut => {
    const layer = layers[i];
    const apart = pass === 'float16' || (pass === 'recomputed' && i === 0);
    const limit = apart ? Math.min(bindable, one) : bindable;
    const widest = layer.outputs * voxelsOf(layer.pooled && !training && i === 0 ? output : convolved);
    const samples = Math.floor(limit / (4 * Math.max(layer.inputs * voxelsOf(input), widest)));
    const together = Math.floor(limit / (4 * voxelsOf(convolved))); // channels of one sample
    return {
      samples,
      groups: samples > 0 || !training ? [layer.outputs] : cutChannels(layer.outputs, together),
    };
  });
  return cuts.map(({ groups }, i) => {
    const least = Math.min(...cuts.slice(i).map(({ samples }) => samples));
    return { samples: Math.max(1, Math.min(batch, least)), groups };
  });
}

/** Images that fit into a tensor of `largest` bytes; one where none does, which the device then refuses by name. */
export function imagesAtOnce(shape: readonly number[], largest: number): number {
  return Math.max(1, Math.floor(largest / (4 * voxelsOf(shape))));
}

/** Voxels of each sub-block's input. */
export function layerVolumes(layers: readonly SubBlock[], shape: readonly number[]): number[] {
  return layerSizes(layers, shape).map(({ input }) => voxelsOf(input));
}

/** Voxels along each axis before a sub-block, behind its convolution, and behind its pooling. */
export function layerSizes(layers: readonly SubBlock[], shape: readonly number[]) {
  let input = shape;
  return layers.map(({ stride, pooled }) => {
    const convolved = input.map((size) => convolvedSize(size, stride));
    const sizes = { input, convolved, output: pooled ? convolved.map(pooledSize) : convolved };
    input = sizes.output;
    return sizes;
  });
}

/** Voxels of a volume of these sizes. */
export function voxelsOf(sizes: readonly number[]): number {
  return sizes.reduce((product, size) => product * size, 1);
}

function cutChannels(channels: number, together: number): number[] {
  const most = Math.max(1, together < OCTET ? together : together - (together % OCTET));
  return Array.from({ length: Math.ceil(channels / most) }, (_, i) => Math.min(most, channels - i * most));
}
