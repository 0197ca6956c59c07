import { formatBytes } from '../engine/errors.ts';
import type { Activations } from '../engine/ops/convolved.ts';
import type { Tuning } from '../engine/tuning.ts';
import { type Architecture, fullyConnected, subBlocks } from './architecture.ts';
import { trainingBytes } from './memory.ts';
import { layerSizes, voxelsOf } from './partition.ts';
import { weightShapes } from './weights.ts';

/** What a training may take. */
export interface Room {
  /** bytes that the device binds, and so a tensor has, at most */
  readonly largest: number;
  /** bytes of all tensors together */
  readonly memory: number;
  /** the device's, by which sums are cut */
  readonly tuning: Tuning;
  /** how volumes are stored for the backward pass */
  readonly activations: Activations;
}

/** Why a network cannot be trained with batches of these numbers of images; null where it can. */
export function whyNot(architecture: Architecture, batches: readonly number[], room: Room): string | null {
  return vanishes(architecture, Math.min(...batches)) ?? tooLarge(architecture, batches, room);
}

/** Why a network shrinks below what it can compute: a block on one voxel, or a variance of one value. */
function vanishes(architecture: Architecture, smallest: number): string | null {
  const { inputShape, channels, subBlocks: counts } = architecture;
  const layers = subBlocks(architecture);
  const sizes = layerSizes(layers, inputShape);
  let at = 0;
  for (const [block, count] of counts.entries()) {
    const place = `block ${block + 1} of ${channels.length}`;
    const layersHere = sizes.slice(at, at + count);
    if (voxelsOf(layersHere[0].input) === 1) return `${place} would halve a volume of one voxel`;
    if (layersHere.some(({ convolved }) => smallest * voxelsOf(convolved) === 1)) {
      return `${place} would normalise one value per channel: the smallest batch has one image, the volume one voxel`;
    }
    at += count;
  }
  return null;
}

/** Which tensor is larger than the device binds at once; null where none is. @param largest bytes that it binds */
export function whyTooLarge(architecture: Architecture, batch: number, largest: number): string | null {
  const piece = pieces(architecture, batch).reduce((a, b) => (b.values > a.values ? b : a));
  if (4 * piece.values <= largest) return null;
  return `${piece.name} would take ${formatBytes(4 * piece.values)} at once, and the device binds ${formatBytes(largest)}`;
}

function tooLarge(
  architecture: Architecture,
  batches: readonly number[],
  { largest, memory, tuning, activations }: Room,
): string | null {
  const piece = whyTooLarge(architecture, Math.max(...batches), largest);
  if (piece !== null) return piece;
  const bytes = trainingBytes(architecture, batches, largest, tuning, activations);
  if (bytes <= memory) return null;
  return `training would take about ${formatBytes(bytes)}, and ${formatBytes(memory)} may be taken`;
}

/** What cannot be cut any further (partition.ts): a sample before and behind each layer, the features, the weights. */
function pieces(architecture: Architecture, batch: number): { name: string; values: number }[] {
  const { inputShape } = architecture;
  const layers = subBlocks(architecture);
  const volumes = layerSizes(layers, inputShape).flatMap(({ input, output }, i) => [
    { name: `an image before convolution ${i + 1}`, values: layers[i].inputs * voxelsOf(input) },
    { name: `an image behind convolution ${i + 1}`, values: layers[i].outputs * voxelsOf(output) },
  ]);
  const weights = [...weightShapes(architecture)]
    .filter(([name]) => name.endsWith('weight'))
    .map(([name, shape]) => ({ name: `the tensor ${name}`, values: voxelsOf(shape) }));
  const [{ inputs: features }] = fullyConnected(architecture);
  return [{ name: 'the features of a batch', values: batch * features }, ...volumes, ...weights];
}
