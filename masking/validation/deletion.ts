import type { Session } from '../../cohort/session.ts';
import type { Tensor } from '../../engine/tensor.ts';
import type { ImageStore } from '../../model/images.ts';
import type { Network } from '../../model/network.ts';
import { maskedProbabilities } from '../effect.ts';

/** How a network's probability of a class falls as voxels are taken away. */
export interface DeletionCurve {
  /** mean probability over the images, at each share */
  readonly probability: readonly number[];
  /** area under the curve over the shares, divided by their span: a mean probability */
  readonly area: number;
}

/** What is deleted from: images of a class, and what deleted voxels become. */
export interface DeletionRun {
  readonly network: Network;
  readonly images: ImageStore;
  readonly sessions: readonly Session[];
  readonly classIndex: number;
  /** [1] or [x, y, z] */
  readonly mu: Tensor;
  /** of the brain's voxels, rising from 0 or above, in percent */
  readonly shares: readonly number[];
  /** voxels that the shares are of */
  readonly brainVoxels: number;
  readonly signal?: AbortSignal;
  /** called after each share */
  readonly onShare?: () => void;
}

/**
 * The deletion curve of an order of voxels (after Petsiuk et al. 2018): the first p % are replaced by mu in every image. A
 * steep fall says that the network needs the voxels that come first.
 *
 * @param order every voxel's position once, as `removalOrder` gives
 */
export async function deletionCurve(run: DeletionRun, order: Uint32Array): Promise<DeletionCurve> {
  const { network, images, sessions, classIndex, mu, shares } = run;
  const probability: number[] = [];
  for (const share of shares) {
    run.signal?.throwIfAborted();
    const kept = new Float32Array(order.length).fill(1);
    for (const u of order.subarray(0, Math.round((share / 100) * run.brainVoxels))) kept[u] = 0;
    const mask = network.gpu.tensor(images.grid.shape, kept, 'voxels that stay');
    const values = await maskedProbabilities(network, images, sessions, classIndex, mask, mu, run.signal);
    mask.release();
    probability.push(values.reduce((sum, value) => sum + value, 0) / values.length);
    run.onShare?.();
  }
  return { probability, area: area(shares, probability) };
}

/** By trapezoids, divided by the span; the one value of a curve of a single point. */
export function area(x: readonly number[], y: readonly number[]): number {
  const span = x[x.length - 1] - x[0];
  if (span === 0) return y[0];
  let sum = 0;
  for (let i = 1; i < x.length; i++) sum += ((y[i] + y[i - 1]) / 2) * (x[i] - x[i - 1]);
  return sum / span;
}
