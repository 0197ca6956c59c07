import { GpuError } from '../errors.ts';
import type { Gpu } from '../gpu.ts';
import type { Tape } from '../tape.ts';
import { elementCount, Tensor } from '../tensor.ts';

type Shape = readonly number[];

/**
 * Cuts a tensor's values, in the order in which they lie in memory, into tensors of these shapes: along the first axis
 * (or the first that is longer than one). The way round a device's limit on what one kernel can bind.
 *
 * @throws GpuError unless the shapes hold all values together
 */
export function split(tape: Tape, x: Tensor, shapes: readonly Shape[]): readonly Tensor[] {
  const before = x.shape;
  const backward = () => (upstream: readonly Tensor[]) => [join(tape.gpu, upstream, before)];
  return tape.recordJoint('split', [x], cut(tape.gpu, x, shapes), [], backward);
}

/** Puts tensors' values one behind the other into a tensor of this shape: the reverse of split. @throws as split */
export function concat(tape: Tape, parts: readonly Tensor[], shape: Shape): Tensor {
  const shapes = parts.map((part) => part.shape);
  return tape.record('concat', parts, join(tape.gpu, parts, shape), [], () => (dy, needs) => {
    const gradients = cut(tape.gpu, dy, shapes);
    return gradients.map((gradient, i) => {
      if (needs[i]) return gradient;
      gradient.release();
      return null;
    });
  });
}

/** The parts of a batch with neighbours merged as long as they have at most `samples` together. */
export function mergeParts(tape: Tape, parts: readonly Tensor[], samples: number): readonly Tensor[] {
  const merged: Tensor[] = [];
  let run: Tensor[] = [];
  const close = () => {
    if (run.length === 0) return;
    const [, ...shape] = run[0].shape;
    const n = run.reduce((sum, part) => sum + part.shape[0], 0);
    merged.push(run.length === 1 ? run[0].share() : concat(tape, run, [n, ...shape]));
    run = [];
  };
  let held = 0;
  for (const part of parts) {
    if (held + part.shape[0] > samples) {
      close();
      held = 0;
    }
    run.push(part);
    held += part.shape[0];
  }
  close();
  return merged;
}

/** A batch in parts of at most `samples`, as even as can be. */
export function splitBatch(tape: Tape, x: Tensor, samples: number): readonly Tensor[] {
  const [n, ...shape] = x.shape;
  const counts = evenly(n, samples);
  if (counts.length === 1) return [x.share()];
  return split(
    tape,
    x,
    counts.map((count) => [count, ...shape]),
  );
}

/** Cuts `n` into numbers of at most `most`, as even as can be. */
export function evenly(n: number, most: number): number[] {
  const count = Math.ceil(n / most);
  return Array.from(
    { length: count },
    (_, i) => Math.floor(((i + 1) * n) / count) - Math.floor((i * n) / count),
  );
}

/** A batch on the GPU: one tensor [n, ...], or several that differ in n only, where the device cannot bind it at once. */
export type Batch = Tensor | readonly Tensor[];

/** The tensors of a batch. */
export function partsOf(batch: Batch): readonly Tensor[] {
  return batch instanceof Tensor ? [batch] : batch;
}

/** Samples of a batch. */
export function samplesIn(batch: Batch): number {
  return partsOf(batch).reduce((sum, { shape }) => sum + shape[0], 0);
}

/** Releases all of them. */
export function releaseAll(tensors: readonly Tensor[]): void {
  for (const tensor of tensors) tensor.release();
}

function cut(gpu: Gpu, x: Tensor, shapes: readonly Shape[]): Tensor[] {
  checkSizes(x, shapes.map(elementCount));
  let at = 0;
  return shapes.map((shape) => {
    const part = gpu.empty(shape, x.label);
    gpu.copy(x, at, part, 0, part.size);
    at += part.size;
    return part;
  });
}

function join(gpu: Gpu, parts: readonly Tensor[], shape: Shape): Tensor {
  const whole = gpu.empty(shape, parts[0].label);
  checkSizes(
    whole,
    parts.map((part) => part.size),
  );
  let at = 0;
  for (const part of parts) {
    gpu.copy(part, 0, whole, at, part.size);
    at += part.size;
  }
  return whole;
}

function checkSizes(whole: Tensor, sizes: readonly number[]): void {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total !== whole.size) {
    throw new GpuError(
      `Pieces of ${sizes.join(' + ')} values do not make up "${whole.label}" [${whole.shape}].`,
    );
  }
}
