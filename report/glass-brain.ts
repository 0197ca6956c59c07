import type { Grid } from '../cohort/volume.ts';
import { Canvas } from './canvas.ts';
import type { Rgb } from './colour.ts';
import { brightest, widened } from './scene.ts';
import { drawSlice } from './slice.ts';
import { boundingBox, spacing, strides, type View, views } from './views.ts';

/** Masks seen through the brain, a row each. All volumes lie on `grid`, in C order. */
export interface GlassBrain {
  readonly title: string;
  readonly grid: Grid;
  /** its silhouette is shown in gray */
  readonly background: Float32Array;
  readonly masks: readonly { readonly heading: string; readonly mask: Float32Array }[];
}

const pixelsPerTile = 240;
const gap = 24;
const margin = 28;
const headerHeight = 74;
const rowHeading = 30;
const footerHeight = 44;
const paper: Rgb = [13, 14, 17];
const ink: Rgb = [232, 234, 238];
const faint: Rgb = [142, 148, 158];

/**
 * Maximum projections of 1 - m along the three axes, over the projected gray matter; neurological display.
 *
 * @returns a PNG file
 * @throws RangeError when a volume's length is not that of the grid
 */
export function renderGlassBrain({ title, grid, background, masks }: GlassBrain): Uint8Array {
  const voxels = grid.shape[0] * grid.shape[1] * grid.shape[2];
  for (const volume of [background, ...masks.map(({ mask }) => mask)]) {
    if (volume.length !== voxels)
      throw new RangeError(`a volume holds ${volume.length} values, the grid ${voxels}`);
  }
  const white = brightest(background);
  const box = widened(
    boundingBox(grid, (voxel) => background[voxel] > 0.05 * white),
    grid,
  );
  const sizes = box.map(([first, last], axis) => (last - first + 1) * spacing(grid)[axis]);
  const scale = pixelsPerTile / Math.max(...sizes);
  const tiles = views.map((view) => ({
    view,
    width: Math.round(sizes[view.across] * scale),
    height: Math.round(sizes[view.down] * scale),
    // Faint, and even inside: a silhouette that the eye takes for glass.
    silhouette: projected(grid, view.axis, (voxel) => 0.35 * Math.min(1, background[voxel] / white)),
  }));
  const rowHeight = rowHeading + Math.max(...tiles.map(({ height }) => height)) + gap;
  const canvas = new Canvas(
    2 * margin + tiles.reduce((sum, { width }) => sum + width, 0) + gap * (tiles.length - 1),
    headerHeight + masks.length * rowHeight + footerHeight,
    paper,
  );
  canvas.text(title, margin, 28, { colour: ink, size: 2.5 });
  masks.forEach(({ heading, mask }, row) => {
    const top = headerHeight + row * rowHeight;
    canvas.text(heading, margin, top, { colour: ink, size: 1.75 });
    let left = margin;
    for (const { view, width, height, silhouette } of tiles) {
      const occlusion = projected(grid, view.axis, (voxel) => Math.max(0, Math.min(1, 1 - mask[voxel])) || 0);
      const frame = { left, top: top + rowHeading, width, height, box };
      const layers = { grid: flat(grid, view.axis), background: silhouette, white: 1, occlusion };
      drawSlice(canvas, frame, view, 0, layers);
      sides(canvas, view, left, top + rowHeading, width);
      left += width + gap;
    }
  });
  canvas.text('colour: highest 1 - m     left is left', margin, canvas.height - 30, {
    colour: faint,
    size: 1.6,
  });
  return canvas.png();
}

function sides(canvas: Canvas, { ends }: View, left: number, top: number, width: number): void {
  canvas.text(ends[0], left + 2, top + 2, { colour: faint, size: 1.75 });
  canvas.text(ends[1], left + width - 2, top + 2, { colour: faint, size: 1.75, align: 'right' });
}

/** The grid with one voxel along an axis. */
function flat(grid: Grid, axis: number): Grid {
  const [x, y, z] = grid.shape.map((size, i) => (i === axis ? 1 : size));
  return { shape: [x, y, z], affine: grid.affine };
}

/** The highest value along an axis, on the grid that is flat along it. */
function projected(grid: Grid, axis: 0 | 1 | 2, value: (voxel: number) => number): Float32Array {
  const [nx, ny, nz] = grid.shape;
  const target = flat(grid, axis);
  const step = strides(target).map((stride, i) => (i === axis ? 0 : stride));
  const highest = new Float32Array(target.shape[0] * target.shape[1] * target.shape[2]);
  let voxel = 0;
  for (let x = 0; x < nx; x++) {
    for (let y = 0; y < ny; y++) {
      for (let z = 0; z < nz; z++) {
        const at = x * step[0] + y * step[1] + z * step[2];
        const amount = value(voxel++);
        if (amount > highest[at]) highest[at] = amount;
      }
    }
  }
  return highest;
}
