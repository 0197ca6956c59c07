import { GpuError } from '../errors.ts';
import type { Tape } from '../tape.ts';
import type { Tensor } from '../tensor.ts';

/**
 * Equation 1: X'(u) = m(u) X(u) + (1 - m(u)) mu.
 *
 * @param m  [d, h, w]
 * @param x  [n, 1, d, h, w]
 * @param mu [1], or [d, h, w] for a value per voxel
 * @returns the shape of x
 */
export function maskBlend(tape: Tape, m: Tensor, x: Tensor, mu: Tensor): Tensor {
  const { gpu } = tape;
  const n = x.size / m.size;
  if (!Number.isInteger(n) || (mu.size !== 1 && mu.size !== m.size)) {
    throw new GpuError(`A mask [${m.shape}], images [${x.shape}] and mu [${mu.shape}] do not fit together.`);
  }
  const params = { n, voxels: m.size };
  const constants = { MU_VOLUME: Number(mu.size > 1) };
  const across = Math.ceil(m.size / 256);
  const y = gpu.empty(x.shape, 'masked images');
  gpu.run('mask_blend', { bindings: { m, x, mu, y }, params, constants, grid: [across, 1, n] });
  return tape.record('maskBlend', [m, x], y, [m, x, mu], ([m, x, mu]) => (dy, needs) => {
    const dm = needs[0] ? gpu.empty(m.shape, 'mask gradient') : null;
    const dx = needs[1] ? gpu.empty(x.shape, 'image gradient') : null;
    if (dm)
      gpu.run('mask_blend_mask_grad', {
        bindings: { dy, x, mu, dm },
        params,
        constants,
        grid: [across, 1, 1],
      });
    if (dx) gpu.run('mask_blend_input_grad', { bindings: { m, dy, dx }, params, grid: [across, 1, n] });
    return [dm, dx];
  });
}
