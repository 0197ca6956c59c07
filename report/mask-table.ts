import type { Grid } from '../cohort/volume.ts';
import { Canvas } from './canvas.ts';
import type { Rgb } from './colour.ts';
import { brightest, widened } from './scene.ts';
import { drawSlice, type Frame } from './slice.ts';
import { boundingBox, profiles, slicePosition, spacing, views } from './views.ts';

/** Masks side by side, as in the paper's figures 3 to 6: a coronal slice of each, rows and columns with headings. */
export interface MaskTable {
  readonly title: string;
  readonly grid: Grid;
  /** shown in gray, as long as the grid has voxels */
  readonly background: Float32Array;
  readonly rows: readonly { readonly heading: string; readonly tiles: readonly (MaskTile | null)[] }[];
}

/** One mask of the table; null in its place leaves a gap. */
export interface MaskTile {
  readonly heading: string;
  /** m in [0, 1] on the grid */
  readonly mask: Float32Array;
}

const tileWidth = 260;
const gap = 18;
const margin = 28;
const headingColumn = 190;
const headerHeight = 96;
const tileHeading = 26;
const footerHeight = 44;
const paper: Rgb = [13, 14, 17];
const ink: Rgb = [232, 234, 238];
const faint: Rgb = [142, 148, 158];

/**
 * Draws the table as a PNG file. All tiles show the same slice, the one where most of the masks occlude the brain most, so
 * that they can be compared; neurological display (the subject's left on the left).
 *
 * @throws RangeError when a mask's length is not that of the grid, or there is no mask
 */
export function renderMaskTable({ title, grid, background, rows }: MaskTable): Uint8Array {
  const masks = rows.flatMap(({ tiles }) => tiles.flatMap((tile) => (tile ? [tile.mask] : [])));
  const voxels = grid.shape[0] * grid.shape[1] * grid.shape[2];
  if (masks.length === 0) throw new RangeError('there is no mask to show');
  for (const volume of [background, ...masks]) {
    if (volume.length !== voxels)
      throw new RangeError(`a volume holds ${volume.length} values, the grid ${voxels}`);
  }
  const occlusion = (mask: Float32Array, voxel: number) => Math.max(0, Math.min(1, 1 - mask[voxel])) || 0;
  const view = views[0];
  const white = brightest(background);
  const brain = (voxel: number) => background[voxel] > 0.05 * white;
  // Squared, and in the brain only: a faint veil over all, air included, must not draw the slice to the largest one. Every mask
  // counts as much as another: one that hides half of the brain must not draw it away from where the others hide a little.
  const along = new Array<number>(grid.shape[view.axis]).fill(0);
  for (const mask of masks) {
    const shown = (voxel: number) => (brain(voxel) ? occlusion(mask, voxel) ** 2 : 0);
    const own = profiles(grid, shown)[view.axis];
    const all = own.reduce((sum, amount) => sum + amount, 0);
    own.forEach((amount, slice) => {
      along[slice] += all > 0 ? amount / all : 0;
    });
  }
  const index = along.indexOf(Math.max(...along));
  const frame = widened(boundingBox(grid, brain), grid);
  const [wide, high] = [view.across, view.down].map(
    (axis) => (frame[axis][1] - frame[axis][0] + 1) * spacing(grid)[axis],
  );
  const tileHeight = Math.round((tileWidth * high) / wide);
  const columns = Math.max(...rows.map(({ tiles }) => tiles.length));
  const pitch = { x: tileWidth + gap, y: tileHeight + tileHeading + gap };
  const width = 2 * margin + headingColumn + columns * pitch.x;
  const canvas = new Canvas(width, headerHeight + rows.length * pitch.y + footerHeight, paper);
  canvas.text(title, margin, 28, { colour: ink, size: 2.5 });
  rows.forEach(({ heading, tiles }, row) => {
    const top = headerHeight + row * pitch.y;
    canvas.text(heading, margin, top + tileHeading + tileHeight / 2, {
      colour: ink,
      size: 1.75,
      middle: true,
    });
    tiles.forEach((tile, column) => {
      if (!tile) return;
      const left = margin + headingColumn + column * pitch.x;
      const place: Frame = { left, top: top + tileHeading, width: tileWidth, height: tileHeight, box: frame };
      const layer = tile.mask.map((_, voxel) => occlusion(tile.mask, voxel));
      drawSlice(canvas, place, view, index, { grid, background, white, occlusion: layer });
      canvas.text(tile.heading, left + tileWidth / 2, top + 4, {
        colour: faint,
        size: 1.75,
        align: 'center',
      });
      const [low, far] = view.ends;
      canvas.text(low, left + 2, place.top + 2, { colour: faint, size: 1.5 });
      canvas.text(far, left + tileWidth - 2, place.top + 2, { colour: faint, size: 1.5, align: 'right' });
    });
  });
  const where = `coronal, y = ${slicePosition(grid, view, index).toFixed(1).replace(/\.0$/, '')} mm`;
  const caption = `${where}     gray: gray matter     colour: 1 - m, the occlusion     left is left`;
  canvas.text(caption, margin, canvas.height - 30, { colour: faint, size: 1.75 });
  return canvas.png();
}
