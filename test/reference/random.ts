import fc from 'fast-check';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { type NdArray, ndArray, sizeOf } from './ndarray.ts';

/** Random arrays for one property's run: shapes are left to fast-check, which shrinks them. */
export interface Source {
  /** Values uniform in [low, high). */
  uniform(shape: readonly number[], low?: number, high?: number): NdArray;
  /** Values in (low, high), any two of them apart by (high - low) / size, and none closer than half of that to an end. */
  distinct(shape: readonly number[], low: number, high: number): NdArray;
  /** `count` whole numbers in [0, below). */
  integers(count: number, below: number): number[];
}

/** The source that belongs to a seed. */
export function source(seed: number): Source {
  const generator = xoroshiro128plus(seed);
  const fill = (shape: readonly number[], next: (i: number) => number) =>
    ndArray(
      shape,
      Array.from({ length: sizeOf(shape) }, (_, i) => next(i)),
    );
  return {
    uniform: (shape, low = -1, high = 1) => fill(shape, () => low + (high - low) * uniformFloat64(generator)),
    distinct(shape, low, high) {
      const order = Array.from({ length: sizeOf(shape) }, (_, i) => i);
      for (let i = order.length - 1; i > 0; i--) {
        const j = uniformInt(generator, 0, i);
        [order[i], order[j]] = [order[j], order[i]];
      }
      return fill(shape, (i) => low + ((high - low) * (order[i] + 0.5)) / order.length);
    },
    integers: (count, below) => Array.from({ length: count }, () => uniformInt(generator, 0, below - 1)),
  };
}

/** Arbitrary seeds. */
export const seeds = fc.noShrink(fc.integer());

/** Arbitrary sizes of one axis. */
export const upTo = (largest: number) => fc.integer({ min: 1, max: largest });
