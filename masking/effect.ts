import type { Session } from '../cohort/session.ts';
import { InFlight, stepsInFlight } from '../engine/in-flight.ts';
import { maskBlend } from '../engine/ops/mask-blend.ts';
import { Tape } from '../engine/tape.ts';
import type { Tensor } from '../engine/tensor.ts';
import type { ImageStore } from '../model/images.ts';
import { softmax } from '../model/metrics.ts';
import type { Network } from '../model/network.ts';
import { THRESHOLD } from './threshold.ts';

/**
 * The network's probability of a class for each session's image under a mask (equation 1).
 *
 * @param mask [x, y, z]
 * @param mu   [1] or [x, y, z], or what gives that of each session
 * @param signal ends it between two images: its reason is thrown
 */
export async function maskedProbabilities(
  network: Network,
  images: ImageStore,
  sessions: readonly Session[],
  classIndex: number,
  mask: Tensor,
  mu: Tensor | ((session: Session) => Promise<Float32Array>),
  signal?: AbortSignal,
): Promise<number[]> {
  const { gpu } = network;
  network.setTrainable(false);
  const probabilities: number[] = [];
  const inFlight = new InFlight<Float32Array>(stepsInFlight(1, images.voxels, gpu.software), (logits) => {
    probabilities.push(softmax(logits)[classIndex]);
  });
  images.announce(sessions);
  for (const session of sessions) {
    signal?.throwIfAborted();
    const tape = new Tape(gpu);
    const x = await images.batch(gpu, [session]);
    const background =
      typeof mu === 'function' ? gpu.tensor(mask.shape, await mu(session), 'mu') : mu.share();
    const masked = maskBlend(tape, mask, x, background);
    x.release();
    background.release();
    const logits = network.forward(tape, masked, 'evaluation');
    masked.release();
    const values = gpu.read(logits);
    logits.release();
    await inFlight.add(values);
    await gpu.submit();
  }
  await inFlight.drain();
  return probabilities;
}

/** Share of the mask's voxels that it touches: those at or below 0.95. */
export function touchedShare(mask: Float32Array): number {
  return mask.reduce((count, value) => count + Number(value <= THRESHOLD), 0) / mask.length;
}
