import type { Session } from '../cohort/session.ts';
import { releaseAll } from '../engine/ops/pieces.ts';
import { Tape } from '../engine/tape.ts';
import type { ImageStore } from './images.ts';
import type { Network } from './network.ts';
import { epochOrder } from './order.ts';
import { batches } from './predict.ts';

/** Passes after which nothing is left of where the statistics started: 0.9^60 is 0.2 %. */
const enoughPasses = 60;

/**
 * Gives a network whose weights are as they were drawn the running statistics of batch normalisation that it would have if it
 * had seen these images: passes in training mode, without a step of the optimiser. With the statistics that it is born with
 * (mean 0, variance 1), the volumes shrink from block to block, and every image gets one and the same output.
 *
 * @param seed of the order of the images
 */
export async function calibrateNormalisation(
  network: Network,
  images: ImageStore,
  sessions: readonly Session[],
  batchSize: number,
  seed: number,
): Promise<void> {
  const { gpu } = network;
  network.setTrainable(false);
  const labels = sessions.map(() => 0);
  let passes = 0;
  for (let epoch = 1; passes < enoughPasses; epoch++) {
    const order = epochOrder(labels, 'all', seed, epoch).map((i) => sessions[i]);
    images.announce(order);
    for (const batch of batches(order, batchSize)) {
      const x = await images.parts(gpu, batch);
      const logits = network.forward(new Tape(gpu), x, { draw: { seed, step: passes } });
      releaseAll(x);
      logits.release();
      await gpu.synchronize();
      passes++;
    }
  }
}
