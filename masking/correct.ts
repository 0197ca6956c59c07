import type { Session } from '../cohort/session.ts';
import type { ImageStore } from '../model/images.ts';
import { largestOf, softmax } from '../model/metrics.ts';
import type { Network } from '../model/network.ts';
import { predictLogits } from '../model/predict.ts';

/**
 * The sessions that the network puts into a class, with its probability of that class. Masks are made from correctly
 * classified images (paper, section 2.3.3).
 *
 * @param sessions those that are of the class
 * @returns probabilities by session, in the order of the sessions
 */
export async function correctlyClassified(
  network: Network,
  images: ImageStore,
  sessions: readonly Session[],
  classIndex: number,
  onProgress?: (done: number) => void,
): Promise<Map<Session, number>> {
  const logits = await predictLogits(network, images, sessions, 1, onProgress);
  const correct = new Map<Session, number>();
  sessions.forEach((session, i) => {
    if (largestOf(logits[i]) === classIndex) correct.set(session, softmax(logits[i])[classIndex]);
  });
  return correct;
}
