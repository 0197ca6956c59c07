import type { Gpu } from '../gpu.ts';
import { plus, type Tape } from '../tape.ts';
import type { Tensor } from '../tensor.ts';
import { type BatchNormTensors, batchStatistics, type Statistics } from './batch-statistics.ts';
import { checkWeight, convolutionInputGrad } from './conv3d.ts';
import { convolve, convolveHalf } from './convolution.ts';
import { fewVoxels } from './convolve-few.ts';
import { type Activations, isHalf, type Kept, tensorOf } from './half-volume.ts';
import { normPool, normPoolInputGrad, normPoolSums } from './norm-pool.ts';
import { packWeights } from './pack-weights.ts';
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
 * ones), LeakyReLU and maxPool3d. Kept for the backward pass are the convolved volumes, and of each pooled voxel four bits
 * and the value at the maximum; the normalised values are computed again. The backward pass goes part by part, so that
 * with volumes kept in half precision one part's gradient exists at a time.
 *
 * @param parts  the batch: tensors [n, ci, d, h, w] that differ in n only
 * @param slope  LeakyReLU's, above 0
 * @param stored how the convolved volumes are kept; few voxels are kept in float32
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
  const convolved = convolveParts(gpu, parts, weight, bias, stored);
  const statistics = batchStatistics(gpu, convolved, norm);
  const pooled = convolved.map((volume) => normPool(gpu, volume, statistics, norm, slope));
  const { mean, inverseStd } = statistics;
  const tensors = convolved.map(tensorOf);
  const codes = pooled.map((part) => part.codes);
  const tops = pooled.map((part) => part.tops);
  const count = parts.length;
  return tape.recordJoint(
    'convNormPool',
    [weight, bias, gamma, beta, ...parts],
    pooled.map(({ y }) => y),
    [mean, inverseStd, gamma, beta, weight, ...parts, ...tensors, ...codes, ...tops],
    ([mean, inverseStd, gamma, beta, weight, ...rest]) => {
      const group = (i: number) => rest.slice(i * count, (i + 1) * count);
      const kept = group(1).map((tensor, i) => {
        const volume = convolved[i];
        return isHalf(volume) ? { ...volume, words: tensor } : tensor;
      });
      const saved = {
        mean,
        inverseStd,
        gamma,
        beta,
        weight,
        parts: group(0),
        kept,
        codes: group(2),
        tops: group(3),
      };
      return (upstream, needs) => backward(gpu, { ...saved, upstream }, slope, needs);
    },
    [mean, inverseStd, ...tensors, ...codes, ...tops],
  );
}

function convolveParts(
  gpu: Gpu,
  parts: readonly Tensor[],
  weight: Tensor,
  bias: Tensor,
  stored: Activations,
): readonly Kept[] {
  const half = stored === 'float16' && !fewVoxels(gpu.tuning, volumeShape(parts[0]));
  const weights = packWeights(gpu, weight, { wide: half });
  const label = `${weight.label} output`;
  const convolved = parts.map((part) =>
    half ? convolveHalf(gpu, part, weights, label, bias) : convolve(gpu, part, weights, label, { bias }).y,
  );
  weights.packed.release();
  return convolved;
}

interface Saved extends Statistics {
  readonly gamma: Tensor;
  readonly beta: Tensor;
  readonly weight: Tensor;
  readonly parts: readonly Tensor[];
  readonly kept: readonly Kept[];
  readonly codes: readonly Tensor[];
  readonly tops: readonly Tensor[];
  readonly upstream: readonly Tensor[];
}

function backward(gpu: Gpu, saved: Saved, slope: number, needs: readonly boolean[]): (Tensor | null)[] {
  const { weight, parts, kept, codes, tops, upstream } = saved;
  const [wantsWeight, wantsBias, wantsGamma, wantsBeta, ...wantsParts] = needs;
  const { dgamma, dbeta, line } = normPoolSums(gpu, kept, tops, upstream, saved, saved, slope);
  let dweight: Tensor | null = null;
  const inputs = parts.map((x, i) => {
    if (!wantsWeight && !wantsParts[i]) return null;
    const dy = normPoolInputGrad(gpu, kept[i], codes[i], upstream[i], line, slope);
    if (wantsWeight) {
      const part = weightGrad(gpu, x, dy, 1);
      dweight = dweight ? plus(gpu, dweight, part) : part;
    }
    const dx = wantsParts[i] ? convolutionInputGrad(gpu, dy, weight, volumeShape(x), 1) : null;
    dy.release();
    return dx;
  });
  releaseAll([line, ...(wantsGamma ? [] : [dgamma]), ...(wantsBeta ? [] : [dbeta])]);
  // normalisation takes the mean off again, and with it the bias: adding up would give rounding noise
  const dbias = wantsBias ? gpu.full([weight.shape[0]], 0, 'convolution bias gradient') : null;
  return [dweight, dbias, wantsGamma ? dgamma : null, wantsBeta ? dbeta : null, ...inputs];
}
