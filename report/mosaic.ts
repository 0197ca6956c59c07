import type { Grid } from '../cohort/volume.ts';
import { Canvas } from './canvas.ts';
import { heat, type Rgb } from './colour.ts';
import { brightest, widened } from './scene.ts';
import { drawSlice, type Frame } from './slice.ts';
import {
  boundingBox,
  chooseSlices,
  fullSpan,
  profiles,
  slicePosition,
  spacing,
  type View,
  views,
} from './views.ts';

/** What a mosaic shows. All volumes lie on `grid`, in C order, and are as long as it has voxels. */
export interface MosaicInput {
  readonly grid: Grid;
  /** Shown in gray: the mean gray matter of a group, or one session's. */
  readonly background: Float32Array;
  /** The mask m in [0, 1]; 1 leaves a voxel as it is. What is drawn is the occlusion 1 - m. */
  readonly mask: Float32Array;
  readonly title?: string;
  /** What is drawn, where it is no mask's occlusion. */
  readonly valueName?: string;
  /** Region of each voxel; the borders between regions are drawn as thin lines. */
  readonly outline?: Int32Array;
  /** Slices per row, 6 when not given. */
  readonly columns?: number;
}

const pictureWidth = 1600;
const margin = 28;
const barColumn = 132;
const tileGap = 26;
const headerHeight = 64;
const rowHeading = 26;
const rowFoot = 34;
const footerHeight = 44;

const paper: Rgb = [13, 14, 17];
const ink: Rgb = [232, 234, 238];
const faint: Rgb = [142, 148, 158];

/**
 * Draws a mask over the brain: three rows of slices (coronal, axial, sagittal), taken where the mask occludes most
 * and spread over the brain, in neurological display (the subject's left on the left).
 *
 * @returns a PNG file, 1600 pixels wide whatever the grid
 * @throws RangeError when a volume's length is not that of the grid
 */
export function renderMosaic(input: MosaicInput): Uint8Array {
  const { grid, background, mask, title = 'Mask', outline, valueName, columns = 6 } = input;
  const voxels = grid.shape[0] * grid.shape[1] * grid.shape[2];
  for (const [name, volume] of Object.entries({ background, mask, outline })) {
    if (volume && volume.length !== voxels) {
      throw new RangeError(`the mosaic's ${name} holds ${volume.length} values, its grid ${voxels}`);
    }
  }
  // A voxel without a number (NaN outside the brain) counts as untouched.
  const occlusion = mask.map((m) => Math.max(0, Math.min(1, 1 - m)) || 0);
  const white = brightest(background);
  const tissue = profiles(grid, (voxel) => background[voxel] || 0);
  const occluded = profiles(grid, (voxel) => occlusion[voxel]);
  const shown = (voxel: number) => background[voxel] > 0.05 * white || occlusion[voxel] > 0.05;
  const frame = widened(boundingBox(grid, shown), grid);

  const sizes = frame.map(([first, last], axis) => (last - first + 1) * spacing(grid)[axis]);
  const pitch = (pictureWidth - 2 * margin - barColumn) / columns;
  const pixelsPerMm = (pitch - tileGap) / Math.max(...views.map((view) => sizes[view.across]));
  const heights = views.map((view) => Math.round(sizes[view.down] * pixelsPerMm));
  const rowsHeight = heights.reduce((sum, height) => sum + rowHeading + height + rowFoot, 0);

  const canvas = new Canvas(pictureWidth, headerHeight + rowsHeight + footerHeight, paper);
  canvas.text(title, margin, 28, { colour: ink, size: 3 });
  let top = headerHeight;
  views.forEach((view, row) => {
    canvas.text(view.name, margin, top + 4, { colour: faint, size: 1.75 });
    const position = (index: number) => slicePosition(grid, view, index);
    const slices = chooseSlices(occluded[view.axis], fullSpan(tissue[view.axis]), columns);
    slices.sort((a, b) => position(a) - position(b));
    slices.forEach((index, column) => {
      const width = Math.round(sizes[view.across] * pixelsPerMm);
      const left = Math.round(margin + (column + 0.5) * pitch - width / 2);
      const tile: Frame = { left, top: top + rowHeading, width, height: heights[row], box: frame };
      drawSlice(canvas, tile, view, index, { grid, background, white, occlusion, outline });
      label(canvas, tile, view, position(index));
    });
    top += rowHeading + heights[row] + rowFoot;
  });
  colourBar(canvas, headerHeight + rowHeading, top - rowFoot, valueName ? '' : '1 - m');
  const highest = occlusion.reduce((most, amount) => Math.max(most, amount), 0);
  const caption = [
    'gray: gray matter',
    valueName ? `colour: ${valueName}` : 'colour: 1 - m, the occlusion',
    ...(valueName && highest > 0
      ? []
      : [highest > 0 ? `highest 1 - m: ${highest.toFixed(2)}` : 'nothing is occluded: m = 1 everywhere']),
    'left is left (neurological display)',
  ].join('     ');
  canvas.text(caption, margin, canvas.height - 30, { colour: faint, size: 1.75 });
  return canvas.png();
}

function label(canvas: Canvas, { left, top, width, height }: Frame, view: View, position: number): void {
  const [low, high] = view.ends;
  canvas.text(low, left + 2, top + 2, { colour: faint, size: 1.75 });
  canvas.text(high, left + width - 2, top + 2, { colour: faint, size: 1.75, align: 'right' });
  const millimetres = Math.abs(position) < 0.05 ? '0' : position.toFixed(1).replace(/\.0$/, '');
  const text = `${view.letter} = ${millimetres} mm`;
  canvas.text(text, left + width / 2, top + height + 9, { colour: ink, size: 1.75, align: 'center' });
}

function colourBar(canvas: Canvas, top: number, bottom: number, name: string): void {
  const left = pictureWidth - margin - 84;
  const width = 26;
  const height = Math.min(460, bottom - top - 40);
  const from = Math.round((top + bottom - height) / 2);
  canvas.text(name, left, from - 32, { colour: ink });
  for (let y = 0; y < height; y++) canvas.rect(left, from + y, width, 1, heat(1 - y / (height - 1)));
  for (const tick of [0, 0.25, 0.5, 0.75, 1]) {
    const y = from + (1 - tick) * (height - 1);
    canvas.rect(left + width, y - 0.5, 7, 1, ink);
    canvas.text(tick === 0 || tick === 1 ? String(tick) : tick.toFixed(2), left + width + 13, y, {
      colour: ink,
      size: 1.75,
      middle: true,
    });
  }
}
