import type { Tape } from '../tape.ts';
import type { Tensor } from '../tensor.ts';

/**
 * Cross-entropy of softmax(logits) against labels, mean over the batch (paper, section 2.2.3).
 *
 * @param logits [n, classes]
 * @param labels [n], u32, each below classes
 * @returns [1]
 */
export function softmaxCrossEntropy(tape: Tape, logits: Tensor, labels: Tensor): Tensor {
  const { gpu } = tape;
  const [n, classes] = logits.shape;
  const params = { n, classes };
  const loss = gpu.empty([1], 'cross-entropy');
  gpu.run('softmax_cross_entropy', { bindings: { logits, labels, loss }, params, grid: [1, 1, 1] });
  return tape.record(
    'softmaxCrossEntropy',
    [logits],
    loss,
    [logits, labels],
    ([logits, labels]) =>
      (dloss) => {
        const dlogits = gpu.empty(logits.shape, 'cross-entropy gradient');
        gpu.run('softmax_cross_entropy_grad', {
          bindings: { logits, labels, dloss, dlogits },
          params,
          grid: [n, 1, 1],
        });
        return [dlogits];
      },
  );
}
