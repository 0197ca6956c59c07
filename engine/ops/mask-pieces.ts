import type { Gpu } from '../gpu.ts';
import type { Tensor } from '../tensor.ts';

/*
 * Masks that are optimised together lie one behind the other along the first axis of a tensor, as do all that belongs to
 * them: each has a piece of it.
 */

/** Fills one piece of `size` elements with a number. */
export function fillPiece(gpu: Gpu, tensor: Tensor, index: number, size: number, value: number): void {
  const piece = gpu.full([size], value, tensor.label);
  writePiece(gpu, tensor, index, piece);
  piece.release();
}

/** Writes a piece. @param piece the values; stays the caller's */
export function writePiece(gpu: Gpu, tensor: Tensor, index: number, piece: Tensor): void {
  gpu.copy(piece, 0, tensor, index * piece.size, piece.size);
}

/** A tensor of some of another's pieces of `size` elements, in this order; the other is released. */
export function keepPieces(gpu: Gpu, tensor: Tensor, indices: readonly number[], size: number): Tensor {
  const [, ...shape] = tensor.shape;
  const kept = gpu.empty([indices.length, ...shape], tensor.label);
  indices.forEach((from, to) => {
    gpu.copy(tensor, from * size, kept, to * size, size);
  });
  tensor.release();
  return kept;
}
