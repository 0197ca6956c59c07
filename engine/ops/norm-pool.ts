import { type Gpu, grid1d } from '../gpu.ts';
import type { Tape } from '../tape.ts';
import type { Tensor } from '../tensor.ts';
import { type BatchNormTensors, batchStatistics, inChunks, valuesPerChannel } from './batch-statistics.ts';
import { codesShape } from './convolution.ts';
import { rowGrid, type VolumeShape, volumeShape } from './shapes.ts';

/**
 * Batch normalisation by the batch's statistics (moving the running ones), LeakyReLU and maxPool3d in one pass: what
 * batchNorm in training, leakyRelu and maxPool3d do one after the other. Kept for the backward pass are the parts and
 * four bits and the value at the maximum per pooled voxel; the normalised values are computed again.
 *
 * @param parts the batch: tensors [n, channels, d, h, w] that differ in n only
 * @param slope LeakyReLU's, above 0
 * @returns [n, channels, ceil(d / 2), ceil(h / 2), ceil(w / 2)] for each part
 */
export function normPool(
  tape: Tape,
  parts: readonly Tensor[],
  tensors: BatchNormTensors,
  slope: number,
): readonly Tensor[] {
  const { gpu } = tape;
  const { gamma, beta } = tensors;
  const { mean, inverseStd } = batchStatistics(gpu, parts, tensors);
  const codes: Tensor[] = [];
  const tops: Tensor[] = [];
  const outputs = parts.map((x) => {
    const shape = volumeShape(x);
    const { n, channels, d, h, w } = shape;
    const y = gpu.empty([n, channels, ...[d, h, w].map((size) => Math.ceil(size / 2))], 'pooled');
    const maxima = gpu.empty(codesShape(shape, channels), 'maxima', 'u32');
    const top = gpu.empty(y.shape, 'values at maxima');
    const { lanes, grid } = pairGrid(shape);
    gpu.run('batchnorm_pool', {
      bindings: { x, mean, inverse_std: inverseStd, gamma, beta, y, codes: maxima, tops: top },
      params: { n, channels, d, h, w, lanes, slope },
      grid,
    });
    codes.push(maxima);
    tops.push(top);
    return y;
  });
  return tape.recordJoint(
    'normPool',
    [gamma, beta, ...parts],
    outputs,
    [mean, inverseStd, gamma, beta, ...parts, ...codes, ...tops],
    ([mean, inverseStd, gamma, beta, ...rest]) =>
      (upstream, needs) =>
        backward(
          gpu,
          {
            mean,
            inverseStd,
            gamma,
            beta,
            parts: rest.slice(0, parts.length),
            codes: rest.slice(parts.length, 2 * parts.length),
            tops: rest.slice(2 * parts.length),
            upstream,
          },
          slope,
          needs,
        ),
    [mean, inverseStd, ...codes, ...tops],
  );
}

interface Saved {
  readonly mean: Tensor;
  readonly inverseStd: Tensor;
  readonly gamma: Tensor;
  readonly beta: Tensor;
  readonly parts: readonly Tensor[];
  readonly codes: readonly Tensor[];
  readonly tops: readonly Tensor[];
  readonly upstream: readonly Tensor[];
}

function backward(gpu: Gpu, saved: Saved, slope: number, needs: readonly boolean[]) {
  const { mean, inverseStd, gamma, beta, parts, tops, upstream } = saved;
  const [wantsGamma, wantsBeta, ...wantsParts] = needs;
  const [channels] = mean.shape;
  const sums = inChunks(gpu, tops, 2, (top, { n, spatial: windows }, place, sums, i) =>
    gpu.run('batchnorm_pool_grad_sums', {
      bindings: { tops: top, dy: upstream[i], mean, inverse_std: inverseStd, gamma, beta, sums },
      params: { n, channels, windows, ...place, slope },
      grid: [place.chunks, channels, 1],
    }),
  );
  const dgamma = gpu.empty([channels], 'gamma gradient');
  const dbeta = gpu.empty([channels], 'beta gradient');
  const line = gpu.empty([channels, 4], 'batch normalisation gradient line');
  gpu.run('batchnorm_pool_grad_merge', {
    bindings: { sums, mean, inverse_std: inverseStd, gamma, dgamma, dbeta, line },
    params: { channels, chunks: sums.shape[1], count: valuesPerChannel(parts) },
    grid: grid1d(channels, 64),
  });
  sums.release();
  const inputs = parts.map((_, i) => (wantsParts[i] ? inputGrad(gpu, saved, i, line, slope) : null));
  line.release();
  if (!wantsGamma) dgamma.release();
  if (!wantsBeta) dbeta.release();
  return [wantsGamma ? dgamma : null, wantsBeta ? dbeta : null, ...inputs];
}

function inputGrad(gpu: Gpu, { parts, codes, upstream }: Saved, i: number, line: Tensor, slope: number) {
  const shape = volumeShape(parts[i]);
  const { n, channels, d, h, w } = shape;
  const dx = overwritable(gpu, parts[i]);
  const { lanes, grid } = pairGrid(shape);
  gpu.run('batchnorm_pool_input_grad', {
    bindings: { dy: upstream[i], codes: codes[i], line, dx },
    params: { n, channels, d, h, w, lanes, slope },
    grid,
  });
  return dx;
}

/** x's own memory if only the tape still holds it, else a copy: the largest tensors of training exist once. */
function overwritable(gpu: Gpu, x: Tensor): Tensor {
  if (x.exclusive) return x.view(x.shape);
  const copy = gpu.empty(x.shape, x.label);
  gpu.copy(x, 0, copy, 0, x.size);
  return copy;
}

/** Grid of kernels whose threads take two windows along x each. */
function pairGrid({ n, channels, d, h, w }: VolumeShape) {
  return rowGrid(Math.ceil(Math.ceil(w / 2) / 2), Math.ceil(d / 2) * Math.ceil(h / 2), n * channels);
}
