import { GpuError } from '../errors.ts';
import { type Gpu, grid1d } from '../gpu.ts';
import type { Tape } from '../tape.ts';
import type { Tensor } from '../tensor.ts';
import { chunksFor } from './shapes.ts';
import { type Reduction, sumRows } from './sum.ts';

const BINS = 1024;
const shifts = [20, 10, 0]; // ten bits at a time, of the 30 that numbers below 2 differ in

/** An area that a mask is to hide, in place of a price on its size. */
export interface AreaOptions {
  /** share of the voxels, between 0 and 1 */
  readonly share: number;
  /** of the penalty in the loss */
  readonly weight: number;
}

/** Voxels of an area. @throws GpuError when it holds none, or all */
export function areaCount(share: number, voxels: number): number {
  const count = Math.round(share * voxels);
  if (count >= 1 && count < voxels) return count;
  throw new GpuError(`An area of ${share} of ${voxels} voxels holds ${count} voxels.`);
}

/**
 * Where each mask's template is 1: at its `count` voxels of lowest m. Voxels that are equal at the border have equal parts in
 * what is left, so that nothing depends on where they lie. The quantile is found by counting the bits of m, ten at a time; it
 * is exact, and the host need not wait for it.
 *
 * @param m [masks, d, h, w] or [d, h, w], values from 0 to below 2
 * @param masks how many there are
 * @returns [masks * 2]: the template is 1 below the first number, 0 above it, and the second number at it
 */
export function areaTemplate(gpu: Gpu, m: Tensor, masks: number, count: number): Tensor {
  const voxels = m.size / masks;
  const chunks = chunksFor(voxels, masks);
  const start = Uint32Array.from({ length: 2 * masks }, (_, i) => (i % 2 === 0 ? 0 : count));
  const found = gpu.tensor([2 * masks], start, 'rank in the area');
  const counts = gpu.empty([masks, chunks, BINS], 'voxels by value', 'u32');
  const template = gpu.empty([masks * 2], 'area template');
  for (const shift of shifts) {
    const params = { masks, voxels, chunks, shift };
    gpu.run('area_count', { bindings: { m, found, counts }, params, grid: [chunks, 1, masks] });
    gpu.run('area_select', {
      bindings: { counts, found, border: template },
      params: { masks, chunks },
      grid: [1, 1, masks],
    });
  }
  found.release();
  counts.release();
  return template;
}

/**
 * R((t - r)^2) with t = 1 - m and the template r, 1 at the `count` voxels of largest t and 0 elsewhere (Fong, Patrick and
 * Vedaldi 2019, who sort both). It is 0 for a mask that hides exactly so many voxels wholly, and leaves all others as they are.
 * Where voxels at the border are equal, any of them may be inside: the penalty is the same, its gradient the mean over all
 * choices.
 *
 * @param m [d, h, w]
 * @returns [1]
 */
export function maskArea(tape: Tape, m: Tensor, count: number, reduction: Reduction): Tensor {
  const { gpu } = tape;
  const voxels = m.size;
  const factor = reduction === 'mean' ? 1 / voxels : 1;
  const chunks = chunksFor(voxels, 1);
  const template = areaTemplate(gpu, m, 1, count);
  const parts = gpu.empty([chunks], 'mask area parts');
  gpu.run('mask_area', {
    bindings: { m, border: template, y: parts },
    params: { voxels, chunks, factor },
    grid: [chunks, 1, 1],
  });
  const area = sumRows(gpu, parts, 1, chunks, 1, 'mask area');
  parts.release();
  const backward =
    ([m, template]: readonly Tensor[]) =>
    (dloss: Tensor) => {
      const dm = gpu.empty(m.shape, 'mask area gradient');
      gpu.run('mask_area_grad', {
        bindings: { m, border: template, dloss, dm },
        params: { voxels, factor },
        grid: grid1d(voxels, 256),
      });
      return [dm];
    };
  return tape.record('maskArea', [m], area, [m, template], backward, [template]);
}
