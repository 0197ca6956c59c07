import type { Tape } from '../tape.ts';
import type { Tensor } from '../tensor.ts';
import { maskFit } from './mask-fit.ts';

/**
 * Equation 1: X'(u) = m(u) X(u) + (1 - m(u)) mu, for one mask of all images or for several with equally many images each.
 *
 * @param m  [d, h, w], or [masks, d, h, w]
 * @param x  [n, 1, d, h, w]; with several masks the images of one follow one another
 * @param mu [1], or [d, h, w] for a value per voxel, or [n, d, h, w] for such values of each image
 * @returns the shape of x
 * @throws GpuError if they do not fit together
 */
export function maskBlend(tape: Tape, m: Tensor, x: Tensor, mu: Tensor): Tensor {
  const { gpu } = tape;
  const { masks, each, voxels, constants } = maskFit(m, x, mu);
  const n = masks * each;
  const params = { n, each, voxels };
  const across = Math.ceil(voxels / 256);
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
        grid: [across, 1, masks],
      });
    if (dx) gpu.run('mask_blend_input_grad', { bindings: { m, dy, dx }, params, grid: [across, 1, n] });
    return [dm, dx];
  });
}
