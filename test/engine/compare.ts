import fc from 'fast-check';
import { expect } from 'vitest';
import type { Gpu } from '../../engine/gpu.ts';
import { mergeParts, releaseAll, splitBatch } from '../../engine/ops/pieces.ts';
import { Tape } from '../../engine/tape.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { type NdArray, ndArray, sizeOf } from '../reference/ndarray.ts';

/** Relative L2 errors that float32 kernels may show against float64 loops. */
export const FORWARD = 1e-5;
export const BACKWARD = 1e-4;

/** Asserts that two arrays agree within a relative L2 error; `floor` is the norm below which errors are absolute. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
  floor = 1e-3,
): void {
  expect(actual.length, what).toBe(expected.length);
  let error = 0;
  let norm = 0;
  for (let i = 0; i < expected.length; i++) {
    error += (actual[i] - expected[i]) ** 2;
    norm += expected[i] ** 2;
  }
  const relative = Math.sqrt(error) / Math.max(Math.sqrt(norm), floor);
  expect(relative, `${what}: relative L2 error`).toBeLessThanOrEqual(tolerance);
}

/** Numbers in [-1, 1] that float32 holds exactly, drawn by a small generator so that shrinking stays quick. */
export function randomArray(shape: readonly number[], seed: number, scale = 1, shift = 0): NdArray {
  let state = (seed * 2654435761) >>> 0;
  const values = Array.from({ length: sizeOf(shape) }, () => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 0x9e3779b9) >>> 0;
    const mixed = Math.imul(state ^ (state >>> 13), 3266489917) >>> 0;
    return Math.fround(shift + scale * (mixed / 2 ** 31 - 1));
  });
  return ndArray(shape, values);
}

/** Uploads an array of the reference's kind. */
export function upload(gpu: Gpu, array: NdArray, label: string, requiresGrad = false): Tensor {
  const tensor = gpu.tensor(array.shape, Float32Array.from(array.data), label);
  tensor.requiresGrad = requiresGrad;
  return tensor;
}

/**
 * Runs an operation with gradients of all its inputs wanted and a random upstream gradient, as in the middle of a
 * network, and checks that every buffer it took is given back.
 */
export async function runWithGradients(
  gpu: Gpu,
  inputs: readonly NdArray[],
  operation: (tape: Tape, ...tensors: Tensor[]) => Tensor,
  upstream: NdArray,
): Promise<{ output: Float32Array; gradients: Float32Array[] }> {
  const before = gpu.memory().liveBuffers;
  const tensors = inputs.map((input, i) => upload(gpu, input, `input ${i}`, true));
  const tape = new Tape(gpu);
  const y = operation(tape, ...tensors);
  const dy = upload(gpu, upstream, 'upstream');
  const gradients = tape.backward(y, dy);
  const output = await gpu.read(y);
  const values = [];
  for (const tensor of tensors) values.push(await gpu.read(gradients.of(tensor)));
  gradients.release();
  for (const tensor of [...tensors, y, dy]) tensor.release();
  expect(gpu.memory().liveBuffers, 'buffers given back').toBe(before);
  return { output, gradients: values };
}

/** Runs an operation on a batch in parts, one to as many as there are samples, and puts its outputs together. */
export function inParts(
  tape: Tape,
  x: Tensor,
  seed: number,
  operation: (parts: readonly Tensor[]) => readonly Tensor[],
): Tensor {
  const [n] = x.shape;
  const parts = splitBatch(tape, x, 1 + (seed % n));
  const outputs = operation(parts);
  const [whole] = mergeParts(tape, outputs, n);
  releaseAll([...parts, ...outputs]);
  return whole;
}

/** Batch 1 to 3, up to `most` voxels along each axis, one voxel included. */
export function volumeShapes(most: number, channels: number) {
  const side = fc.integer({ min: 1, max: most });
  return fc.record({
    n: fc.integer({ min: 1, max: 3 }),
    ci: fc.integer({ min: 1, max: channels }),
    co: fc.integer({ min: 1, max: channels }),
    d: side,
    h: side,
    w: fc.integer({ min: 1, max: 2 * most }),
    seed: fc.nat(),
  });
}

/** Runs a property over GPU work. */
export async function property<T>(
  arbitrary: fc.Arbitrary<T>,
  check: (value: T) => Promise<void>,
  numRuns = 20,
): Promise<void> {
  await fc.assert(fc.asyncProperty(arbitrary, check), { numRuns, seed: 20200214 });
}
