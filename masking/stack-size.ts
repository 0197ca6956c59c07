import type { Gpu } from '../engine/gpu.ts';
import { MaskStack, type StackOptions } from './mask-stack.ts';
import type { MaskObjective } from './objective.ts';

const sizes = [1, 2, 4, 8];
const worthIt = 0.95; // of the time per image that a smaller stack takes

/** How many masks of one image each a device can hold together at most: all their moments are one tensor. */
export function largestStack({ largestTensor }: Gpu, shape: readonly number[]): number {
  return Math.floor(largestTensor / shape.reduce((product, size) => product * size, 8));
}

/**
 * How many masks of one image each are optimised fastest together, found by trying: larger stacks as long as they take 5 %
 * less time per image. It decides about time and memory alone, for a mask does not depend on the others in its stack.
 *
 * @param image any of the images
 * @param most  masks at most
 * @param signal ends the trials between two steps: its reason is thrown
 */
export async function fastestStack(
  objective: MaskObjective,
  shape: readonly number[],
  image: Float32Array,
  most: number,
  signal?: AbortSignal,
): Promise<number> {
  const { gpu } = objective.network;
  let best = { count: 1, seconds: Number.POSITIVE_INFINITY };
  const possible = sizes.filter((size) => size <= Math.min(most, largestStack(gpu, shape)));
  if (possible.length < 2) return 1; // nothing to choose from
  for (const count of possible) {
    const seconds = await timePerImage(objective, count, shape, image, signal);
    if (seconds > worthIt * best.seconds) break;
    best = { count, seconds };
  }
  await gpu.trim();
  return best.count;
}

async function timePerImage(
  objective: MaskObjective,
  count: number,
  shape: readonly number[],
  image: Float32Array,
  signal?: AbortSignal,
): Promise<number> {
  const never = Number.POSITIVE_INFINITY;
  const choice = { maxSteps: never, patience: never, rule: 'relative', tolerance: 0, keep: 'last' } as const;
  const options: StackOptions = { learningRate: 0.1, ownMu: false, choice };
  const stack = new MaskStack(objective, count, shape, options);
  try {
    for (let i = 0; i < count; i++) stack.place(i, image, null);
    await stack.step(); // compiles kernels, and takes memory
    const times = [];
    for (let i = 0; i < 2; i++) {
      signal?.throwIfAborted();
      const started = performance.now();
      await stack.step();
      times.push(performance.now() - started);
    }
    return Math.min(...times) / count;
  } finally {
    stack.release();
  }
}
