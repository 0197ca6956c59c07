import type { Grid } from '../cohort/volume.ts';
import type { Canvas } from './canvas.ts';
import { gray, heat, type Rgb } from './colour.ts';
import { type Box, strides, type View } from './views.ts';

/** Where a slice goes in the picture (pixels), and the box of voxels that fills that place. */
export interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly box: Box;
}

/** The volumes of one picture, in C order on `grid`. */
export interface Layers {
  readonly grid: Grid;
  readonly background: Float32Array;
  /** The background value drawn brightest. */
  readonly white: number;
  /** 1 - m in [0, 1]. */
  readonly occlusion: Float32Array;
  readonly outline?: Int32Array | undefined;
}

const line: Rgb = [245, 245, 245];

/** Draws one slice: gray background, occlusion on top (the higher, the more opaque), region borders last. */
export function drawSlice(canvas: Canvas, frame: Frame, view: View, index: number, layers: Layers): void {
  const { grid, background, white, occlusion, outline } = layers;
  const stride = strides(grid);
  const across = positions(frame.box[view.across], frame.width, view.acrossReversed);
  const down = positions(frame.box[view.down], frame.height, true);
  const limits = [grid.shape[view.across] - 1, grid.shape[view.down] - 1] as const;
  const steps = [stride[view.across], stride[view.down]] as const;
  const origin = index * stride[view.axis];
  const region = (column: number, row: number) =>
    outline?.[origin + Math.round(across[column]) * steps[0] + Math.round(down[row]) * steps[1]] ?? 0;

  for (let row = 0; row < frame.height; row++) {
    for (let column = 0; column < frame.width; column++) {
      const x = frame.left + column;
      const y = frame.top + row;
      const tissue = bilinear(background, origin, steps, limits, across[column], down[row]) / white;
      if (tissue > 0.02) canvas.blend(x, y, gray(0.05 + 0.57 * Math.min(1, tissue)), 1);
      const amount = bilinear(occlusion, origin, steps, limits, across[column], down[row]);
      if (amount > 0) canvas.blend(x, y, heat(amount), opacity(amount));
      const here = region(column, row);
      const border =
        (column + 1 < frame.width && region(column + 1, row) !== here) ||
        (row + 1 < frame.height && region(column, row + 1) !== here);
      if (border) canvas.blend(x, y, line, 0.4);
    }
  }
}

/** Opacity of the overlay: nothing at 0, half at 1 - m = 0.25, and never quite hiding the anatomy. */
function opacity(occlusion: number): number {
  return 0.95 * Math.sqrt(occlusion);
}

/** Voxel coordinate under the middle of each pixel of a row or column that spans a box of voxels. */
function positions(
  [first, last]: readonly [number, number],
  pixels: number,
  reversed: boolean,
): Float64Array {
  const perPixel = (last - first + 1) / pixels;
  return Float64Array.from({ length: pixels }, (_, i) => {
    const along = (i + 0.5) * perPixel - 0.5;
    return Math.max(0, reversed ? last - along : first + along);
  });
}

/** The value between four voxels of a plane; beyond the border the border's own value, NaN counting as 0. */
function bilinear(
  volume: Float32Array,
  origin: number,
  [stepA, stepB]: readonly [number, number],
  [lastA, lastB]: readonly [number, number],
  a: number,
  b: number,
): number {
  const a0 = Math.min(lastA, Math.floor(a));
  const b0 = Math.min(lastB, Math.floor(b));
  const a1 = Math.min(lastA, a0 + 1);
  const b1 = Math.min(lastB, b0 + 1);
  const fa = a - a0;
  const fb = b - b0;
  const at = (i: number, j: number) => volume[origin + i * stepA + j * stepB] || 0;
  return (
    (1 - fb) * ((1 - fa) * at(a0, b0) + fa * at(a1, b0)) + fb * ((1 - fa) * at(a0, b1) + fa * at(a1, b1))
  );
}
