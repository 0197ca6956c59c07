import type { Session } from '../cohort/session.ts';
import type { Tensor } from '../engine/tensor.ts';
import type { ImageStore } from '../model/images.ts';
import type { Network } from '../model/network.ts';
import type { MaskedProbabilities } from './comparison.ts';
import { maskedProbabilities } from './effect.ts';

/** A network with the images that it is asked about, once or for several masks of its own. */
export interface ProbedNetwork {
  readonly network: Network;
  readonly images: ImageStore;
  readonly classIndex: number;
  /** [1] or [x, y, z], or what gives that of each session */
  readonly mu: Tensor | ((session: Session) => Promise<Float32Array>);
  /** lists of sessions, each to be averaged over by itself */
  readonly lists: readonly (readonly Session[])[];
  /** ends it between two images: its reason is thrown */
  readonly signal?: AbortSignal;
}

/**
 * probCNN (paper, section 2.4): the network's probability of the true class for each image of each list, masked with one mask.
 * An image that is in several lists is asked about once.
 *
 * @param mask m, x slowest and z fastest, on the images' grid
 * @returns one entry per list
 */
export async function probe(
  { network, images, classIndex, mu, lists, signal }: ProbedNetwork,
  mask: Float32Array,
): Promise<MaskedProbabilities[]> {
  const sessions = [...new Map(lists.flat().map((session) => [session.path, session])).values()];
  const tensor = network.gpu.tensor(images.grid.shape, mask, 'mask');
  try {
    const values = await maskedProbabilities(network, images, sessions, classIndex, tensor, mu, signal);
    const of = new Map(sessions.map(({ path }, i) => [path, values[i]]));
    return lists.map((list) => ({
      values: list.map(({ path }) => of.get(path)!),
      participants: list.map(({ participantId }) => participantId),
    }));
  } finally {
    tensor.release();
  }
}
