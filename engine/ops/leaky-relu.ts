import { grid1d } from '../gpu.ts';
import type { Tape } from '../tape.ts';
import type { Tensor } from '../tensor.ts';

/** x where x > 0, else slope x. */
export function leakyRelu(tape: Tape, x: Tensor, slope: number): Tensor {
  const { gpu } = tape;
  const call = { params: { size: x.size, slope }, grid: grid1d(x.size, 1024) };
  const y = gpu.empty(x.shape, 'LeakyReLU output');
  gpu.run('leaky_relu', { bindings: { x, y }, ...call });
  return tape.record('leakyRelu', [x], y, [x], ([x]) => (dy) => {
    const dx = gpu.empty(x.shape, 'LeakyReLU gradient');
    gpu.run('leaky_relu_grad', { bindings: { x, dy, dx }, ...call });
    return [dx];
  });
}
