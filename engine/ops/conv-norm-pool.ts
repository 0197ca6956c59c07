import type { Gpu } from '../gpu.ts';
import { plus, type Tape } from '../tape.ts';
import type { Tensor } from '../tensor.ts';
import { type BatchNormTensors, batchStatistics, type Statistics } from './batch-statistics.ts';
import { checkWeight, convolutionInputGrad } from './conv3d.ts';
import { type Activations, atHand, type Convolved, computed, convolveFor } from './convolved.ts';
import { isHalf, tensorOf } from './half-volume.ts';
import { normPool, normPoolInputGrad, normPoolSums } from './norm-pool.ts';
import { releaseAll } from './pieces.ts';
import { volumeShape } from './shapes.ts';
import { weightGrad } from './weight-grad.ts';

/** The tensors of a convolution and the batch normalisation behind it. */
export interface NormalisedConvolution {
  /** [co, ci, 3, 3, 3] */
  readonly weight: Tensor;
  /** [co] */
  readonly bias: Tensor;
  /** all [co] */
  readonly norm: BatchNormTensors;
}

/**
 * A pooled sub-block in training: 3 x 3 x 3 convolution, batch normalisation by the batch's statistics (moving the running
 * ones), LeakyReLU and maxPool3d. For the backward pass the convolved volumes are there again as `stored` says, and of each
 * pooled voxel four bits and the value at the maximum; the normalised values are computed again. It goes part by part, so
 * that unless volumes are kept in float32 one part's gradient exists at a time.
 *
 * @param parts  the batch, the largest first: tensors [n, ci, d, h, w] that differ in n only
 * @param slope  LeakyReLU's, not below 0
 * @param stored what is done with the convolved volumes; few voxels are never rounded
 * @returns [n, co, ceil(d / 2), ceil(h / 2), ceil(w / 2)] for each part
 * @throws GpuError when weight and input do not fit, or with one value per channel, whose variance does not exist
 */
export function convNormPool(
  tape: Tape,
  parts: readonly Tensor[],
  { weight, bias, norm }: NormalisedConvolution,
  slope: number,
  stored: Activations,
): readonly Tensor[] {
  const { gpu } = tape;
  const { gamma, beta } = norm;
  for (const part of parts) checkWeight(weight, part);
  const again = stored === 'recomputed';
  const kept = again ? [] : parts.map((part) => convolveFor(stored, gpu, part, weight, bias));
  const volumes = again ? parts.map((part) => computed(gpu, part, weight, bias)) : kept.map(atHand);
  if (volumes[0].half) gpu.scratch(volumes[0].shape, 'gradient before normalisation').release(); // the largest comes first
  const statistics = batchStatistics(gpu, volumes, norm);
  const pooled = volumes.map(({ look }) => look((volume) => normPool(gpu, volume, statistics, norm, slope)));
  const { mean, inverseStd } = statistics;
  const tensors = kept.map(tensorOf);
  const codes = pooled.map((part) => part.codes);
  const tops = pooled.flatMap((part) => part.tops ?? []);
  const lists = [parts, tensors, codes, tops];
  return tape.recordJoint(
    'convNormPool',
    [weight, bias, gamma, beta, ...parts],
    pooled.map(({ y }) => y),
    [mean, inverseStd, gamma, beta, weight, bias, ...lists.flat()],
    ([mean, inverseStd, gamma, beta, weight, bias, ...rest]) => {
      const [parts, tensors, codes, tops] = divided(rest, lists);
      const volumes = again
        ? parts.map((part) => computed(gpu, part, weight, bias))
        : kept.map((volume, i) => atHand(isHalf(volume) ? { ...volume, words: tensors[i] } : tensors[i]));
      const saved = { mean, inverseStd, gamma, beta, weight, parts, volumes, codes, tops };
      return (upstream, needs) => backward(gpu, { ...saved, upstream }, slope, needs);
    },
    [mean, inverseStd, ...tensors, ...codes, ...tops],
  );
}

/** A list cut into as many lists, of the same lengths. */
function divided<T>(all: readonly T[], lists: readonly (readonly unknown[])[]): T[][] {
  let at = 0;
  return lists.map(({ length }) => {
    at += length;
    return all.slice(at - length, at);
  });
}

interface Saved extends Statistics {
  readonly gamma: Tensor;
  readonly beta: Tensor;
  readonly weight: Tensor;
  readonly parts: readonly Tensor[];
  readonly volumes: readonly Convolved[];
  readonly codes: readonly Tensor[];
  /** none where volumes are in half precision */
  readonly tops: readonly Tensor[];
  readonly upstream: readonly Tensor[];
}

function backward(gpu: Gpu, saved: Saved, slope: number, needs: readonly boolean[]): (Tensor | null)[] {
  const { weight, parts, volumes, codes, tops, upstream } = saved;
  const [wantsWeight, wantsBias, wantsGamma, wantsBeta, ...wantsParts] = needs;
  const { dgamma, dbeta, line } = normPoolSums(gpu, volumes, tops, upstream, saved, saved, slope);
  let dweight: Tensor | null = null;
  const inputs = parts.map((x, i) => {
    if (!wantsWeight && !wantsParts[i]) return null;
    const dy = volumes[i].look((volume) =>
      normPoolInputGrad(gpu, volume, codes[i], upstream[i], line, slope),
    );
    const dx = wantsParts[i] ? convolutionInputGrad(gpu, dy, weight, volumeShape(x), 1) : null;
    if (wantsWeight) {
      const part = weightGrad(gpu, x, dy, 1); // second: it takes the memory of the packed weights
      dweight = dweight ? plus(gpu, dweight, part) : part;
    }
    dy.release();
    return dx;
  });
  releaseAll([line, ...(wantsGamma ? [] : [dgamma]), ...(wantsBeta ? [] : [dbeta])]);
  // normalisation takes the mean off again, and with it the bias: adding up would give rounding noise
  const dbias = wantsBias ? gpu.full([weight.shape[0]], 0, 'convolution bias gradient') : null;
  return [dweight, dbias, wantsGamma ? dgamma : null, wantsBeta ? dbeta : null, ...inputs];
}
