import { GpuError } from '../errors.ts';
import type { Gpu } from '../gpu.ts';
import type { Tape } from '../tape.ts';
import type { Tensor } from '../tensor.ts';
import { channelSums } from './channel-sums.ts';

/**
 * Fully connected layer: y = x weight^T + bias.
 *
 * @param x      [n, features]
 * @param weight [outputs, features]
 * @param bias   [outputs]
 * @returns [n, outputs]
 */
export function linear(tape: Tape, x: Tensor, weight: Tensor, bias: Tensor): Tensor {
  const { gpu } = tape;
  const [n, features] = x.shape;
  const [outputs, columns] = weight.shape;
  if (x.shape.length !== 2 || columns !== features) {
    throw new GpuError(`Layer "${weight.label}" [${weight.shape}] does not fit its input [${x.shape}].`);
  }
  const params = { n, features, outputs };
  const y = gpu.empty([n, outputs], `${weight.label} output`);
  gpu.run('linear', { bindings: { x, weight, bias, y }, params, grid: [outputs, n, 1] });
  return tape.record('linear', [x, weight, bias], y, [x, weight], ([x, weight]) => (dy, needs) => [
    needs[0] ? inputGrad(gpu, dy, weight, params) : null,
    needs[1] ? weightGrad(gpu, x, dy, params) : null,
    needs[2] ? channelSums(gpu, dy, `${weight.label} bias gradient`) : null,
  ]);
}

type LinearParams = { readonly n: number; readonly features: number; readonly outputs: number };

function inputGrad(gpu: Gpu, dy: Tensor, weight: Tensor, params: LinearParams): Tensor {
  const dx = gpu.empty([params.n, params.features], `${weight.label} input gradient`);
  gpu.run('linear_input_grad', {
    bindings: { dy, weight, dx },
    params,
    grid: [Math.ceil(params.features / 64), params.n, 1],
  });
  return dx;
}

function weightGrad(gpu: Gpu, x: Tensor, dy: Tensor, params: LinearParams): Tensor {
  const dw = gpu.empty([params.outputs, params.features], 'layer weight gradient');
  gpu.run('linear_weight_grad', {
    bindings: { x, dy, dw },
    params,
    grid: [Math.ceil(params.features / 64), params.outputs, 1],
  });
  return dw;
}
