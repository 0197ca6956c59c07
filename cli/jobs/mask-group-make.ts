import { InputError } from '../../cohort/error.ts';
import { type Session, sessionName } from '../../cohort/session.ts';
import type { OpenGpu } from '../../engine/node/open.ts';
import { correctlyClassified } from '../../masking/correct.ts';
import { maskedProbabilities } from '../../masking/effect.ts';
import { groupMask } from '../../masking/group.ts';
import { type ImageLoss, imageLosses, lossOutliers, type MaskedImages } from '../../masking/image-losses.ts';
import { MaskObjective } from '../../masking/objective.ts';
import { thresholded } from '../../masking/threshold.ts';
import { Network } from '../../model/network.ts';
import type { MaskGroupHooks, MaskGroupOptions } from './mask-group.ts';
import type { MaskInputs } from './mask-inputs.ts';
import { placeMu } from './mask-mu.ts';
import type { GroupCheckpoints } from './mask-resume.ts';

/** A group mask's work on the GPU: which images count, the mask, its effect. All that it puts there is released at the end. */
export async function makeGroupMask(
  gpu: OpenGpu['gpu'],
  inputs: MaskInputs,
  { cohort, objective: terms, group, dropOutliers, everyImage = false }: MaskGroupOptions,
  { signal, onClassified, onStep, onEpoch, onOutliers }: MaskGroupHooks,
  checkpoints: GroupCheckpoints,
) {
  const { model, images, classIndex } = inputs;
  const network = new Network(gpu, model.architecture, model.weights);
  const { shared: mu, muOf, mean: healthyMean } = await placeMu(gpu, inputs.mu, images, signal);
  try {
    const asked = [...new Set([...inputs.fit, ...inputs.select])];
    const correct = await correctlyClassified(network, images, asked, classIndex, (done) => {
      signal?.throwIfAborted();
      onClassified?.(done, asked.length);
    });
    const counting = everyImage ? new Map(asked.map((session) => [session, Number.NaN])) : correct;
    const candidates = keep(inputs.fit, counting, cohort, inputs.className, 'fit');
    const select = keep(inputs.select, counting, cohort, inputs.className, 'select');
    const masked = {
      objective: new MaskObjective(network, mu, classIndex, terms),
      images,
      ...(muOf && { muOf }),
    };
    let { state: from, dropped } = checkpoints;
    for (;;) {
      const fit = candidates.filter((session) => !dropped.includes(sessionName(session)));
      const total = Math.min(group.maxSteps, group.epochs * Math.ceil(fit.length / group.batchSize));
      const raw = await groupMask({
        ...masked,
        fit,
        select,
        options: group,
        ...(from && { from }),
        ...(signal && { signal }),
        ...(onEpoch && { onEpoch }),
        onStep: (steps, loss) => onStep?.(steps, total, loss),
        due: checkpoints.due,
        onState: (state) => checkpoints.save(state, dropped),
      });
      const losses = raw.interrupted ? null : await lossesUnder(gpu, masked, fit, raw.mask);
      const outliers = losses?.filter(({ outlier }) => outlier) ?? [];
      if (dropOutliers && dropped.length === 0 && outliers.length > 0 && outliers.length < fit.length) {
        dropped = outliers.map(({ session }) => sessionName(session));
        from = undefined;
        onOutliers?.(dropped);
        continue;
      }
      const kept = thresholded(raw.mask);
      const mask = gpu.tensor(images.grid.shape, kept, 'thresholded mask');
      const after = await maskedProbabilities(network, images, select, classIndex, mask, muOf ?? mu);
      mask.release();
      const unmasked = gpu.full(images.grid.shape, 1, 'no mask');
      const before = everyImage
        ? await maskedProbabilities(network, images, select, classIndex, unmasked, muOf ?? mu)
        : select.map((session) => correct.get(session) ?? Number.NaN);
      unmasked.release();
      const probabilities = { before: mean(before), after: mean(after) };
      return { fit, select, raw, kept, losses, dropped, probabilities, mean: healthyMean };
    }
  } finally {
    network.release();
    mu.release();
  }
}

/** The loss of every fitted image under the mask, and which stand out (paper, section 2.3.1). */
async function lossesUnder(
  gpu: OpenGpu['gpu'],
  masked: MaskedImages,
  fit: readonly Session[],
  mask: Float32Array,
): Promise<ImageLoss[]> {
  const held = gpu.tensor(masked.images.grid.shape, mask, 'mask');
  const losses = await imageLosses(masked, fit, held);
  held.release();
  return lossOutliers(
    fit,
    losses.map(({ total }) => total),
  );
}

/** The candidates that are classified correctly. @throws InputError when there are none */
function keep(
  candidates: readonly Session[],
  correct: ReadonlyMap<Session, number>,
  cohort: string,
  className: string,
  purpose: 'fit' | 'select',
): Session[] {
  const kept = candidates.filter((session) => correct.has(session));
  if (kept.length > 0) return kept;
  const what =
    candidates.length === 0
      ? `there is no ${className} image`
      : `none of the ${candidates.length} ${className} images is classified correctly by the network`;
  throw new InputError(
    cohort,
    `${what}, so there is none to ${purpose} a mask on`,
    'Train the network longer, or give more images of that class ("voxmask predict" shows what the network says)',
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
