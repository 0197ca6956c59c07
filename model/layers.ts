import { batchNorm } from '../engine/ops/batchnorm.ts';
import { convNormPool, type NormalisedConvolution } from '../engine/ops/conv-norm-pool.ts';
import { conv3d } from '../engine/ops/conv3d.ts';
import type { Activations } from '../engine/ops/convolved.ts';
import { leakyRelu } from '../engine/ops/leaky-relu.ts';
import { concat, releaseAll, split } from '../engine/ops/pieces.ts';
import type { Tape } from '../engine/tape.ts';
import type { Tensor } from '../engine/tensor.ts';
import type { SubBlock } from './architecture.ts';

/** What a network computes: classes in evaluation, or in training what its backward pass needs too, stored so. */
export type Pass = 'evaluation' | Activations;

/**
 * A sub-block on a batch in parts: convolution, batch normalisation over all parts, LeakyReLU, pooling.
 *
 * @param parts [n, inputs, d, h, w] each
 * @param pass  evaluation normalises by the running statistics, training by the batch's, and moves the running ones
 */
export function normalisedLayer(
  tape: Tape,
  parts: readonly Tensor[],
  tensors: NormalisedConvolution,
  { stride, pooled, slope }: Pick<SubBlock, 'stride' | 'pooled' | 'slope'>,
  pass: Pass,
): readonly Tensor[] {
  const training = pass !== 'evaluation';
  if (pooled && training) return convNormPool(tape, parts, tensors, slope, pass);
  const { weight, bias, norm } = tensors;
  const convolved = parts.map((part) => conv3d(tape, part, weight, bias, stride, training));
  const normalised = batchNorm(tape, convolved, norm, training);
  releaseAll(convolved);
  const outputs = normalised.map((part) => leakyRelu(tape, part, slope));
  releaseAll(normalised);
  return outputs;
}

/**
 * normalisedLayer in training for volumes of which the device cannot bind all output channels of one sample: as
 * several sub-blocks of fewer channels, whose outputs are put together.
 *
 * @param parts  [1, inputs, d, h, w] each
 * @param groups output channels of each narrower sub-block
 */
export function trainInGroups(
  tape: Tape,
  parts: readonly Tensor[],
  { weight, bias, norm }: NormalisedConvolution,
  layer: SubBlock,
  groups: readonly number[],
  stored: Activations,
): readonly Tensor[] {
  const cut = (tensor: Tensor) =>
    split(
      tape,
      tensor,
      groups.map((channels) => [channels, ...tensor.shape.slice(1)]),
    );
  const pieces = [weight, bias, norm.gamma, norm.beta, norm.runningMean, norm.runningVar].map(cut);
  const columns = groups.map((_, g) => {
    const [weight, bias, gamma, beta, runningMean, runningVar] = pieces.map((piece) => piece[g]);
    return normalisedLayer(
      tape,
      parts,
      { weight, bias, norm: { gamma, beta, runningMean, runningVar } },
      layer,
      stored,
    );
  });
  const [, , , , means, variances] = pieces;
  gather(tape, means, norm.runningMean);
  gather(tape, variances, norm.runningVar);
  const outputs = parts.map((_, i) => {
    const [, , ...sizes] = columns[0][i].shape;
    return concat(
      tape,
      columns.map((column) => column[i]),
      [1, layer.outputs, ...sizes],
    );
  });
  for (const list of [...pieces, ...columns]) releaseAll(list);
  return outputs;
}

/** Writes moved statistics back to where they were cut from. */
function gather({ gpu }: Tape, pieces: readonly Tensor[], whole: Tensor): void {
  let at = 0;
  for (const piece of pieces) {
    gpu.copy(piece, 0, whole, at, piece.size);
    at += piece.size;
  }
}
