import { type Gpu, grid1d } from '../gpu.ts';
import type { Tape } from '../tape.ts';
import type { Tensor } from '../tensor.ts';
import { type BatchNormTensors, EPS } from './batch-statistics.ts';
import { convolve } from './convolution.ts';
import { fewVoxels } from './convolve-few.ts';
import { maxPool3d } from './max-pool3d.ts';
import { type PackedWeights, packWeights } from './pack-weights.ts';
import { volumeShape } from './shapes.ts';

/**
 * A convolution and the batch normalisation behind it as one convolution: with running statistics, normalising is a
 * scale and a shift of each output channel. Made once for a network that no longer changes.
 */
export class FoldedConvolution {
  readonly bias: Tensor;
  readonly forward: PackedWeights;
  private readonly gpu: Gpu;
  private readonly weight: Tensor;
  private readonly scale: Tensor;
  private transposed: PackedWeights | null = null;

  /**
   * @param weight [co, ci, 3, 3, 3]
   * @param bias   [co]
   * @param norm   all [co]
   */
  constructor(gpu: Gpu, weight: Tensor, bias: Tensor, norm: BatchNormTensors) {
    const channels = weight.shape[0];
    this.gpu = gpu;
    this.weight = weight;
    this.scale = gpu.empty([channels], `${weight.label} scale`);
    this.bias = gpu.empty([channels], `${weight.label} folded bias`);
    gpu.run('batchnorm_fold', {
      bindings: {
        bias,
        gamma: norm.gamma,
        beta: norm.beta,
        running_mean: norm.runningMean,
        running_var: norm.runningVar,
        scale: this.scale,
        folded: this.bias,
      },
      params: { channels, eps: EPS },
      grid: grid1d(channels, 64),
    });
    this.forward = packWeights(gpu, weight, { scale: this.scale, wide: true });
  }

  /** The weights of the input gradient, packed when first asked for. */
  backward(): PackedWeights {
    this.transposed ??= packWeights(this.gpu, this.weight, { transposed: true, scale: this.scale });
    return this.transposed;
  }

  release(): void {
    for (const tensor of [this.bias, this.scale, this.forward.packed]) tensor.release();
    this.transposed?.packed.release();
  }
}

/**
 * Convolution, batch normalisation by running statistics, LeakyReLU and, if `pooled`, pooling (as maxPool3d) in one
 * kernel, which writes the result alone; the backward pass goes straight to the input gradient from it. There is no
 * gradient of the weights: this is the network in evaluation. Each sample's result and gradient have the same bits whichever
 * samples share its batch.
 *
 * @param x [n, ci, d, h, w]
 * @returns [n, co, d, h, w], or pooled [n, co, ceil(d / 2), ceil(h / 2), ceil(w / 2)]
 */
export function convBlock(
  tape: Tape,
  x: Tensor,
  folded: FoldedConvolution,
  slope: number,
  pooled: boolean,
): Tensor {
  const { gpu } = tape;
  const { bias, forward } = folded;
  const volume = volumeShape(x);
  if (pooled && fewVoxels(gpu.tuning, volume)) {
    const active = convBlock(tape, x, folded, slope, false);
    const y = maxPool3d(tape, active);
    active.release();
    return y;
  }
  const { y, codes } = convolve(gpu, x, forward, 'features', { bias, slope, pool: pooled, alone: true });
  const label = 'features gradient';
  if (codes) {
    return tape.record(
      'convBlock',
      [x],
      y,
      [codes],
      ([codes]) =>
        (dy) => [
          convolve(gpu, dy, folded.backward(), label, { unpool: { codes, volume, slope }, alone: true }).y,
        ],
      [codes],
    );
  }
  return tape.record('convBlock', [x], y, [y], ([y]) => (dy) => {
    const through = gpu.empty(y.shape, label);
    gpu.run('leaky_relu_grad', {
      bindings: { x: y, dy, dx: through }, // y has the sign of what went into the LeakyReLU
      params: { size: y.size, slope },
      grid: grid1d(y.size, 1024),
    });
    const dx = convolve(gpu, through, folded.backward(), label, { alone: true }).y;
    through.release();
    return [dx];
  });
}
