import { type Architecture, fullyConnected, subBlocks } from './architecture.ts';
import { layerSizes, partition, voxelsOf } from './partition.ts';
import { weightShapes } from './weights.ts';

/** Bytes of a value. */
const VALUE = 4;

/** Copies of each parameter: itself, its gradient, Adam's two moments. */
const COPIES = 4;

/** More of a convolution's: packed for both directions, and for evaluation. */
const PACKED = 3;

/**
 * An estimate of the GPU memory that a training holds at most: parameters with all that goes with them, and for each size
 * of batch the volumes of a step, since buffers are kept by their exact sizes (engine/pool.ts). Buffers whose size depends on
 * the adapter's kernels are left out; they are small beside these.
 *
 * @param batches images of a training's steps: the batch size, and what is left over at an epoch's end
 * @param largest bytes that the device binds at once
 * @returns bytes
 */
export function trainingBytes(
  architecture: Architecture,
  batches: readonly number[],
  largest = Number.POSITIVE_INFINITY,
): number {
  const parameters = [...weightShapes(architecture)].reduce(
    (sum, [name, shape]) => sum + (COPIES + (name.startsWith('conv') ? PACKED : 0)) * voxelsOf(shape),
    0,
  );
  const steps = [...new Set(batches)].map((batch) => stepValues(architecture, batch, largest));
  return VALUE * (parameters + steps.reduce((sum, values) => sum + values, 0));
}

/** Values of the volumes that a step of training holds: what forward keeps for backward, and the gradients under way. */
function stepValues(architecture: Architecture, batch: number, largest: number): number {
  const { inputShape } = architecture;
  const layers = subBlocks(architecture);
  const cuts = partition(layers, inputShape, batch, largest, true);
  const images = batch * voxelsOf(inputShape);
  let together = cuts[0].samples;
  let sum = together < batch ? 2 * images : images;
  layerSizes(layers, inputShape).forEach(({ input, convolved, output }, i) => {
    const { inputs, outputs, pooled } = layers[i];
    const [before, conv, out] = [
      inputs * voxelsOf(input),
      outputs * voxelsOf(convolved),
      outputs * voxelsOf(output),
    ].map((values) => batch * values);
    // Pooled: convolved, pooled, the values at the maxima, their places (half a word each), the pooled gradient.
    // Else: convolved, normalised, active; gradients take the place of what is done with, but for two.
    sum += pooled ? conv + 3.5 * out : 5 * conv;
    const { samples, groups } = cuts[i];
    if (samples > together) sum += 2 * before; // merged, and the gradient cut again
    if (groups.length > 1) sum += 2 * out;
    together = samples;
  });
  const features = fullyConnected(architecture).reduce(
    (all, { inputs, outputs }) => all + inputs + outputs,
    0,
  );
  return sum + 4 * batch * features;
}
