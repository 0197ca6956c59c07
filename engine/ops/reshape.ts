import type { Tape } from '../tape.ts';
import type { Tensor } from '../tensor.ts';

/** The same values under another shape, without a copy. */
export function reshape(tape: Tape, x: Tensor, shape: readonly number[]): Tensor {
  const before = x.shape;
  return tape.record('reshape', [x], x.view(shape), [], () => (dy) => [dy.view(before)]);
}
