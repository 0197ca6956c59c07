import type { Grid } from '../cohort/volume.ts';
import { Canvas } from './canvas.ts';
import type { Rgb } from './colour.ts';
import { drawSlice } from './slice.ts';
import { type Box, boundingBox, slicePosition, spacing, type View, views } from './views.ts';
import { wrapped } from './wrapped.ts';

/** An image to draw. */
export interface SheetImage {
  readonly grid: Grid;
  readonly data: Float32Array;
  /** the value drawn brightest: 1 for probabilities */
  readonly white: number;
  /** indices of the slices along x, y and z; those through the middle of the gray matter when not given */
  readonly slices?: readonly [x: number, y: number, z: number] | undefined;
}

/** One image on the sheet. */
export interface Thumbnail {
  /** paragraphs below the slices, broken into lines as needed */
  readonly caption: readonly string[];
  /** in words, and by a frame: the worst is the loudest */
  readonly verdict: 'rejected' | 'flagged' | 'accepted';
  /** beside the verdict: why it is on the sheet */
  readonly note?: string | undefined;
  /** called once, when it is drawn, so that one image is held at a time; null where there is none to show */
  readonly image: () => SheetImage | null;
}

const columns = 4;
const tileWidth = 424;
const gap = 16;
const margin = 28;
const header = 74;
const padding = 10;
const sliceTop = 26;
const sliceHeight = 152;
const captionTop = sliceTop + sliceHeight + 34;
const lineHeight = 19;
const captionSize = 1.45;
const between = 8; // slices

const paper: Rgb = [13, 14, 17];
const ink: Rgb = [232, 234, 238];
const faint: Rgb = [150, 156, 166];
/** Apart in lightness too, for colour-blind readers and for print; each is also written as a word. */
const colours: Readonly<Record<Thumbnail['verdict'], Rgb>> = {
  rejected: [230, 120, 0],
  flagged: [240, 228, 66],
  accepted: [120, 150, 175],
};

/**
 * A sheet of images for a person to look over: of each a coronal, an axial and a sagittal slice with their positions in mm, all
 * in one gray scale, the subject's left on the left.
 *
 * @param about a line below the title: what is shown
 * @param thumbnails in the order of the sheet, row by row
 * @returns a PNG file
 */
export function renderContactSheet(
  title: string,
  about: string,
  thumbnails: readonly Thumbnail[],
): Uint8Array {
  const captions = thumbnails.map(({ caption }) =>
    caption.map((text) => wrapped(text, (tileWidth - 2 * padding) / captionSize)),
  );
  const rows = Array.from({ length: Math.max(1, Math.ceil(thumbnails.length / columns)) }, (_, row) => {
    const lines = captions.slice(row * columns, (row + 1) * columns).map((caption) => caption.flat().length);
    return captionTop + Math.max(1, ...lines) * lineHeight + padding / 2;
  });
  const canvas = new Canvas(
    2 * margin + columns * tileWidth + (columns - 1) * gap,
    header + rows.reduce((sum, height) => sum + height + gap, 0) + margin,
    paper,
  );
  canvas.text(title, margin, margin, { colour: ink, size: 2.4 });
  canvas.text(about, margin, margin + 26, { colour: faint, size: 1.5 });
  let top = header;
  rows.forEach((height, row) => {
    for (let i = row * columns; i < Math.min(thumbnails.length, (row + 1) * columns); i++) {
      const left = margin + (i % columns) * (tileWidth + gap);
      drawThumbnail(canvas, [left, top, height], thumbnails[i], captions[i]);
    }
    top += height + gap;
  });
  return canvas.png();
}

function drawThumbnail(
  canvas: Canvas,
  [left, top, height]: readonly [number, number, number],
  { verdict, note, image: load }: Thumbnail,
  caption: readonly (readonly string[])[],
): void {
  frame(canvas, [left, top, tileWidth, height], verdict === 'accepted' ? 1 : 3, colours[verdict]);
  canvas.text(verdict, left + padding, top + 9, { colour: colours[verdict], size: 1.6 });
  if (note)
    canvas.text(note, left + tileWidth - padding, top + 9, { colour: faint, size: 1.45, align: 'right' });
  const image = load();
  if (image) drawSlices(canvas, left + padding, top + sliceTop, image);
  else
    canvas.text('no image', left + tileWidth / 2, top + sliceTop + sliceHeight / 2, {
      colour: faint,
      align: 'center',
      middle: true,
    });
  let line = 0;
  caption.forEach((lines, paragraph) => {
    for (const text of lines) {
      const y = top + captionTop + line++ * lineHeight;
      canvas.text(text, left + padding, y, { colour: paragraph === 0 ? ink : faint, size: captionSize });
    }
  });
}

/** The three slices side by side, in one scale, with their positions below. */
function drawSlices(canvas: Canvas, left: number, top: number, image: SheetImage): void {
  const { grid, data, white } = image;
  const whole = grid.shape.map((size): [number, number] => [0, size - 1]) as unknown as Box;
  const edge = spacing(grid);
  const extent = (axis: 0 | 1 | 2) => grid.shape[axis] * edge[axis];
  const across = views.reduce((sum, view) => sum + extent(view.across), 0);
  const highest = Math.max(...views.map((view) => extent(view.down)));
  const scale = Math.min((tileWidth - 2 * padding - 2 * between) / across, sliceHeight / highest);
  const layers = { grid, background: data, white, occlusion: new Float32Array(data.length) };
  const slices = image.slices ?? throughTheMiddle(grid, data, white);
  let x = left;
  for (const view of views) {
    const [w, h] = [extent(view.across) * scale, extent(view.down) * scale].map(Math.round);
    const y = top + Math.round((sliceHeight - h) / 2);
    drawSlice(canvas, { left: x, top: y, width: w, height: h, box: whole }, view, slices[view.axis], layers);
    const [low, high] = view.ends;
    canvas.text(low, x + 2, y + 2, { colour: ink, size: 1.3 });
    canvas.text(high, x + w - 2, y + 2, { colour: ink, size: 1.3, align: 'right' });
    canvas.text(positionOf(grid, view, slices[view.axis]), x + w / 2, top + sliceHeight + 8, {
      colour: faint,
      size: 1.3,
      align: 'center',
    });
    x += w + between;
  }
}

function throughTheMiddle(grid: Grid, data: Float32Array, white: number): [number, number, number] {
  const [x, y, z] = boundingBox(grid, (voxel) => data[voxel] > 0.1 * white).map(([first, last]) =>
    Math.round((first + last) / 2),
  );
  return [x, y, z];
}

function positionOf(grid: Grid, view: View, index: number): string {
  const position = Math.round(10 * slicePosition(grid, view, index)) / 10;
  return `${view.letter} = ${position + 0} mm`;
}

function frame(
  canvas: Canvas,
  [x, y, w, h]: readonly [number, number, number, number],
  thick: number,
  colour: Rgb,
): void {
  canvas.rect(x, y, w, thick, colour);
  canvas.rect(x, y + h - thick, w, thick, colour);
  canvas.rect(x, y, thick, h, colour);
  canvas.rect(x + w - thick, y, thick, h, colour);
}
