import type { Tape } from '../tape.ts';
import type { Tensor } from '../tensor.ts';

/** What of a class's output a mask pushes down (docs/method.md, mask: f). */
export const scoreKinds = ['probability', 'logProbability', 'logit'] as const;
export type ScoreKind = (typeof scoreKinds)[number];

/**
 * A class's softmax probability, its logarithm, or its logit: f of equation 2.
 *
 * @param logits [n, classes]
 * @param over the mean over the batch, or each image's own
 * @returns [1] for the mean, [n] for each
 */
export function classScore(
  tape: Tape,
  logits: Tensor,
  classIndex: number,
  kind: ScoreKind,
  over: 'mean' | 'each' = 'mean',
): Tensor {
  const { gpu } = tape;
  const [n, classes] = logits.shape;
  const call = {
    params: { n, classes, class_index: classIndex },
    constants: { KIND: scoreKinds.indexOf(kind), EACH: Number(over === 'each') },
  };
  const score = gpu.empty([over === 'each' ? n : 1], `class ${kind}`);
  gpu.run('class_score', { bindings: { logits, score }, ...call, grid: [1, 1, 1] });
  return tape.record('classScore', [logits], score, [logits], ([logits]) => (dscore) => {
    const dlogits = gpu.empty(logits.shape, `class ${kind} gradient`);
    gpu.run('class_score_grad', { bindings: { logits, dscore, dlogits }, ...call, grid: [n, 1, 1] });
    return [dlogits];
  });
}
