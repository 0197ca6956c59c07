import { fewVoxels, productPlan } from '../engine/ops/convolve-few.ts';
import type { Activations } from '../engine/ops/convolved.ts';
import { weightGradPlan } from '../engine/ops/weight-grad.ts';
import type { Tuning } from '../engine/tuning.ts';
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
 * of batch the volumes of a step and the parts of its sums, since buffers are kept by their exact sizes (engine/pool.ts).
 *
 * @param batches images of a training's steps: the batch size, and what is left over at an epoch's end
 * @param largest bytes that the device binds at once
 * @param tuning  the device's, by which sums are cut
 * @param stored  how volumes are kept for the backward pass
 * @returns bytes
 */
export function trainingBytes(
  architecture: Architecture,
  batches: readonly number[],
  largest: number,
  tuning: Tuning,
  stored: Activations,
): number {
  const parameters = [...weightShapes(architecture)].reduce(
    (sum, [name, shape]) => sum + (COPIES + (name.startsWith('conv') ? PACKED : 0)) * voxelsOf(shape),
    0,
  );
  const different = [...new Set(batches)];
  const steps = different.map((batch) => stepValues(architecture, batch, largest, tuning, stored));
  const parts = new Set(
    different.flatMap((batch) => partValues(architecture, batch, largest, tuning, stored)),
  );
  return VALUE * [parameters, ...steps, ...parts].reduce((sum, values) => sum + values, 0);
}

/** Values of the parts that a step's sums are cut into: of weight gradients, and of convolutions of few voxels. */
function partValues(
  architecture: Architecture,
  batch: number,
  largest: number,
  tuning: Tuning,
  stored: Activations,
): number[] {
  const { inputShape } = architecture;
  const layers = subBlocks(architecture);
  const cuts = partition(layers, inputShape, batch, largest, stored);
  return layerSizes(layers, inputShape).flatMap(({ input, convolved }, i) => {
    const { inputs, outputs, stride } = layers[i];
    const { samples, groups } = cuts[i];
    const volume = (channels: number, [d, h, w]: readonly number[]) => ({ n: samples, channels, d, h, w });
    const sums = groups.map((co) => weightGradPlan(tuning, volume(inputs, input), co, stride).parts);
    const split = (from: number, to: number) => {
      const { splits } = productPlan(tuning, volume(to, convolved), from);
      return [splits, samples * to, ...convolved];
    };
    const few = stride === 1 && fewVoxels(tuning, volume(outputs, convolved)) && tuning.weightLanes === 1;
    const products = few ? [split(inputs, outputs), ...(i > 0 ? [split(outputs, inputs)] : [])] : [];
    return [...sums, ...products].map(voxelsOf);
  });
}

/** Values of the volumes that a step of training holds: what forward keeps for backward, and the gradients under way. */
function stepValues(
  architecture: Architecture,
  batch: number,
  largest: number,
  tuning: Tuning,
  stored: Activations,
): number {
  const { inputShape } = architecture;
  const layers = subBlocks(architecture);
  const cuts = partition(layers, inputShape, batch, largest, stored);
  const images = batch * voxelsOf(inputShape);
  let together = cuts[0].samples;
  let sum = together < batch ? 2 * images : images;
  let scratch = 0; // one part's gradient at a time, where volumes are in half precision
  layerSizes(layers, inputShape).forEach(({ input, convolved, output }, i) => {
    const { inputs, outputs, pooled } = layers[i];
    const [before, conv, out] = [
      inputs * voxelsOf(input),
      outputs * voxelsOf(convolved),
      outputs * voxelsOf(output),
    ].map((values) => batch * values);
    const { samples, groups } = cuts[i];
    const volume = { n: samples, channels: outputs, d: convolved[0], h: convolved[1], w: convolved[2] };
    const half = stored === 'float16' && pooled && !fewVoxels(tuning, volume);
    const again = stored === 'recomputed' && pooled && i === 0;
    const part = (samples / batch) * conv;
    // Pooled: convolved (half of it, or a part of it at a time), pooled, the values at the maxima but in half precision, their
    // places (half a word each), the pooled gradient.
    // Else: convolved, normalised, active; gradients take the place of what is done with, but for two.
    sum += pooled ? (again ? part : half ? 0.5 * conv : conv) + (half ? 2.5 : 3.5) * out : 5 * conv;
    if (half) scratch = Math.max(scratch, part);
    if (samples > together) sum += 2 * before; // merged, and the gradient cut again
    if (groups.length > 1) sum += 2 * out;
    together = samples;
  });
  const features = fullyConnected(architecture).reduce(
    (all, { inputs, outputs }) => all + inputs + outputs,
    0,
  );
  return sum + scratch + 4 * batch * features;
}
