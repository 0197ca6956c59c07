import { robustScores } from '../cohort/quality/robust.ts';
import type { Session } from '../cohort/session.ts';
import { InFlight, stepsInFlight } from '../engine/in-flight.ts';
import type { Tensor } from '../engine/tensor.ts';
import type { ImageStore } from '../model/images.ts';
import type { MaskLoss, MaskObjective } from './objective.ts';

/** Images under masks: the objective, where they come from, and mu. */
export interface MaskedImages {
  readonly objective: MaskObjective;
  readonly images: ImageStore;
  /** mu of each session; the objective's for all when not given */
  readonly muOf?: (session: Session) => Promise<Float32Array>;
}

/** mu of a batch: the objective's, or a volume of each image, [n, x, y, z]; the caller releases it. */
export async function muOfBatch(
  { objective, images, muOf }: MaskedImages,
  batch: readonly Session[],
): Promise<Tensor> {
  if (!muOf) return objective.mu.share();
  const volumes = await Promise.all(batch.map(muOf));
  const data = new Float32Array(volumes.length * volumes[0].length);
  for (const [i, volume] of volumes.entries()) data.set(volume, i * volume.length);
  return objective.network.gpu.tensor([batch.length, ...images.grid.shape], data, 'mu');
}

/** The loss of every session's image under one mask [x, y, z], in their order. */
export async function imageLosses(
  masked: MaskedImages,
  sessions: readonly Session[],
  mask: Tensor,
): Promise<MaskLoss[]> {
  const { objective, images } = masked;
  const { gpu } = objective.network;
  const losses: MaskLoss[] = [];
  const inFlight = new InFlight<MaskLoss>(stepsInFlight(1, images.voxels, gpu.software), (loss) =>
    losses.push(loss),
  );
  images.announce(sessions);
  for (const session of sessions) {
    const x = await images.batch(gpu, [session]);
    const mu = await muOfBatch(masked, [session]);
    const loss = objective.loss(mask, x, mu);
    x.release();
    mu.release();
    await inFlight.add(loss);
    await gpu.submit();
  }
  await inFlight.drain();
  return losses;
}

/** Robust z-score beyond which an image's loss is an outlier. */
const FAR = 3.5;
/** How far above the median it must lie besides: where a mask hides all images alike, their losses differ by nothing. */
const APART = 0.05;

/** An image's loss under a group's mask, among those of the others. */
export interface ImageLoss {
  readonly session: Session;
  readonly loss: number;
  /** distance to the median in units of the median absolute deviation, scaled to a standard deviation */
  readonly z: number;
  readonly outlier: boolean;
}

/**
 * Quality check by the masking loss (paper, section 2.3.1; docs/method.md, quality check): images whose class the mask of
 * all does not hide. They are outliers where their loss is higher than most by far.
 *
 * @param losses of the sessions, in their order
 */
export function lossOutliers(sessions: readonly Session[], losses: readonly number[]): ImageLoss[] {
  const scores = robustScores(losses);
  const sorted = [...losses].sort((a, b) => a - b);
  const middle = sorted[(sorted.length - 1) >> 1];
  return sessions.map((session, i) => {
    const [loss, z] = [losses[i], scores[i]];
    return { session, loss, z, outlier: z > FAR && loss - middle > APART };
  });
}
