import { InputError } from '../cohort/error.ts';
import type { Session } from '../cohort/session.ts';
import type { ScoreKind } from '../engine/ops/class-score.ts';
import { areaCount } from '../engine/ops/mask-area.ts';
import type { ImageStore } from '../model/images.ts';
import { crossEntropy, largestOf, softmax } from '../model/metrics.ts';
import type { Network } from '../model/network.ts';
import { predictLogits } from '../model/predict.ts';
import type { ObjectiveOptions } from './objective.ts';

const margin = 0.05; // of the loss compared with, as the tolerance of early stopping

/**
 * Whether a mask's training diverged (docs/method.md, grid search): its validation loss ended more than 5 % above that of a
 * mask of ones, so that doing nothing would have been better; or no epoch was better than the first, and the last one was more
 * than 5 % worse.
 *
 * @param losses on the validation images, one per epoch
 * @param untouched validation loss of a mask of ones: `untouchedLoss`
 * @returns the reason; null for a training that did not diverge
 */
export function divergence(losses: readonly number[], untouched: number): string | null {
  const last = losses[losses.length - 1];
  const first = losses[0];
  const above = (value: number, reference: number) => value > reference + margin * Math.abs(reference);
  const shown = (value: number) => value.toPrecision(3);
  if (above(last, untouched))
    return `the loss ended at ${shown(last)}, above the ${shown(untouched)} of a mask of ones`;
  if (losses.length >= 3 && Math.min(...losses) === first && above(last, first))
    return `the loss rose from ${shown(first)} in the first epoch to ${shown(last)}`;
  return null;
}

/** Whether an error says that a mask's loss was no number: training went astray at once. */
export function isLossFault(error: unknown): error is InputError {
  return (
    error instanceof InputError &&
    /^mask (step|validation)/.test(error.where) &&
    /^the loss is/.test(error.what)
  );
}

/**
 * The loss of a mask of ones, mean over the images that the network classifies correctly: f, for such a mask has neither size
 * nor variation, whatever their weights and powers; and where an area is asked for, its penalty for hiding nothing.
 *
 * @param sessions candidates of the class
 * @returns NaN where none is classified correctly
 */
export async function untouchedLoss(
  network: Network,
  images: ImageStore,
  sessions: readonly Session[],
  classIndex: number,
  { score, area, reduction }: ObjectiveOptions,
): Promise<number> {
  const logits = await predictLogits(network, images, sessions, 1);
  const correct = logits.filter((row) => largestOf(row) === classIndex);
  const f = correct.reduce((sum, row) => sum + scoreOf(row, classIndex, score), 0) / correct.length;
  if (!area) return f;
  const count = areaCount(area.share, images.voxels);
  return f + area.weight * (reduction === 'sum' ? count : count / images.voxels);
}

function scoreOf(logits: ArrayLike<number>, classIndex: number, score: ScoreKind): number {
  if (score === 'logit') return logits[classIndex];
  return score === 'logProbability' ? -crossEntropy(logits, classIndex) : softmax(logits)[classIndex];
}
