import { type Gpu, grid1d } from '../gpu.ts';
import type { Tape } from '../tape.ts';
import type { Tensor } from '../tensor.ts';
import {
  type BatchNormTensors,
  batchStatistics,
  EPS,
  type Geometry,
  geometryOf,
  inChunks,
  valuesPerChannel,
} from './batch-statistics.ts';
import { atHand } from './convolved.ts';

/**
 * Batch normalisation: by the batch's statistics in training (moving the running ones), by the running ones in
 * evaluation.
 *
 * @param parts the batch: tensors [n, channels, ...] that differ in n only
 * @returns a tensor like it for each part
 * @throws GpuError in training with one value per channel, whose variance does not exist
 */
export function batchNorm(
  tape: Tape,
  parts: readonly Tensor[],
  tensors: BatchNormTensors,
  training: boolean,
): readonly Tensor[] {
  const { gpu } = tape;
  const { gamma, beta } = tensors;
  const { mean, inverseStd } = training
    ? batchStatistics(gpu, parts.map(atHand), tensors)
    : runningStatistics(gpu, tensors);
  const outputs = parts.map((x) => {
    const y = gpu.empty(x.shape, `${gamma.label} output`);
    gpu.run('batchnorm', {
      bindings: { x, mean, inverse_std: inverseStd, gamma, beta, y },
      ...quads(geometryOf(x)),
    });
    return y;
  });
  return tape.recordJoint(
    'batchNorm',
    [gamma, beta, ...parts],
    outputs,
    [mean, inverseStd, gamma, ...parts],
    ([mean, inverseStd, gamma, ...parts]) =>
      (upstream, needs) =>
        backward(gpu, { mean, inverseStd, gamma, parts, upstream }, training, needs),
    [mean, inverseStd],
  );
}

/** Geometry and grid of the kernels whose threads take four neighbours. */
function quads(geometry: Geometry) {
  const { n, channels, spatial } = geometry;
  const grid: [number, number, number] = [Math.ceil(spatial / 1024), channels, n];
  return { params: { ...geometry }, grid };
}

function runningStatistics(gpu: Gpu, { runningMean, runningVar }: BatchNormTensors) {
  const [channels] = runningVar.shape;
  const inverseStd = gpu.empty([channels], 'running inverse standard deviation');
  gpu.run('batchnorm_inverse_std', {
    bindings: { running_var: runningVar, inverse_std: inverseStd },
    params: { channels, eps: EPS },
    grid: grid1d(channels, 64),
  });
  return { mean: runningMean.share(), inverseStd };
}

interface Saved {
  readonly mean: Tensor;
  readonly inverseStd: Tensor;
  readonly gamma: Tensor;
  readonly parts: readonly Tensor[];
  readonly upstream: readonly Tensor[];
}

function backward(gpu: Gpu, saved: Saved, training: boolean, needs: readonly boolean[]) {
  const [wantsGamma, wantsBeta, ...wantsParts] = needs;
  const joint = training && wantsParts.includes(true);
  const sums = wantsGamma || wantsBeta || joint ? parameterGrads(gpu, saved) : null;
  const inputs = saved.parts.map((_, i) => (wantsParts[i] ? inputGrad(gpu, saved, i, training, sums) : null));
  if (sums && !wantsGamma) sums.dgamma.release();
  if (sums && !wantsBeta) sums.dbeta.release();
  return [wantsGamma ? sums!.dgamma : null, wantsBeta ? sums!.dbeta : null, ...inputs];
}

function parameterGrads(gpu: Gpu, { parts, mean, inverseStd, upstream }: Saved) {
  const [channels] = mean.shape;
  const sums = inChunks(gpu, parts.map(geometryOf), 2, (geometry, place, sums, i) =>
    gpu.run('batchnorm_grad_sums', {
      bindings: { x: parts[i], dy: upstream[i], mean, inverse_std: inverseStd, sums },
      params: { ...geometry, ...place },
      grid: [place.chunks, channels, 1],
    }),
  );
  const dgamma = gpu.empty([channels], 'gamma gradient');
  const dbeta = gpu.empty([channels], 'beta gradient');
  gpu.run('batchnorm_grad_merge', {
    bindings: { sums, dgamma, dbeta },
    params: { channels, chunks: sums.shape[1] },
    grid: grid1d(channels, 64),
  });
  sums.release();
  return { dgamma, dbeta };
}

function inputGrad(
  gpu: Gpu,
  { mean, inverseStd, gamma, parts, upstream }: Saved,
  i: number,
  training: boolean,
  sums: { dgamma: Tensor; dbeta: Tensor } | null,
): Tensor {
  const x = parts[i];
  const dx = gpu.empty(x.shape, 'batch normalisation input gradient');
  const { params, grid } = quads(geometryOf(x));
  gpu.run('batchnorm_input_grad', {
    // in evaluation the sums are not read; any tensor may stand in their place
    bindings: {
      dy: upstream[i],
      x,
      mean,
      inverse_std: inverseStd,
      gamma,
      dgamma: sums?.dgamma ?? gamma,
      dbeta: sums?.dbeta ?? gamma,
      dx,
    },
    params: { ...params, count: valuesPerChannel(parts) },
    constants: { TRAINING: Number(training) },
    grid,
  });
  return dx;
}
