import type { Grid } from '../cohort/volume.ts';
import { Canvas } from './canvas.ts';
import type { Rgb } from './colour.ts';
import { textWidth } from './font.ts';
import { drawSlice } from './slice.ts';
import { type Box, boundingBox, spacing, views } from './views.ts';

/** One image on the sheet. */
export interface Thumbnail {
  /** lines below the slices; what is too long is cut */
  readonly caption: readonly string[];
  /** in words, and by a frame: the worst is the loudest */
  readonly verdict: 'rejected' | 'flagged' | 'accepted';
  /** on its own grid; null where there is no image to show */
  readonly image: { readonly grid: Grid; readonly data: Float32Array } | null;
  /** indices of the coronal and of the axial slice; those through the middle of the gray matter when not given */
  readonly slices?: readonly [y: number, z: number];
}

const columns = 5;
const tileWidth = 312;
const gap = 16;
const margin = 28;
const header = 74;
const sliceHeight = 148;
const lineHeight = 19;
const captionLines = 4;

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
 * A sheet of images for a person to look over: of each a coronal and an axial slice, all in one gray scale, the subject's
 * left on the left.
 *
 * @param count of the thumbnails
 * @param thumbnails in the order of the sheet, row by row; drawn one by one, so that a generator holds one image at a time
 * @returns a PNG file
 */
export function renderContactSheet(
  title: string,
  count: number,
  thumbnails: Iterable<Thumbnail>,
): Uint8Array {
  const rows = Math.max(1, Math.ceil(count / columns));
  const tileHeight = sliceHeight + 34 + captionLines * lineHeight;
  const canvas = new Canvas(
    2 * margin + columns * tileWidth + (columns - 1) * gap,
    header + rows * (tileHeight + gap) + margin,
    paper,
  );
  canvas.text(title, margin, margin, { colour: ink, size: 2.4 });
  canvas.text(
    'gray: gray-matter probability, 0 to 1    left is left    rejected and flagged: where they differ most from the mean',
    margin,
    margin + 26,
    {
      colour: faint,
      size: 1.5,
    },
  );
  let drawn = 0;
  for (const thumbnail of thumbnails) {
    const left = margin + (drawn % columns) * (tileWidth + gap);
    const top = header + Math.floor(drawn / columns) * (tileHeight + gap);
    drawThumbnail(canvas, left, top, tileHeight, thumbnail);
    drawn++;
  }
  return canvas.png();
}

function drawThumbnail(
  canvas: Canvas,
  left: number,
  top: number,
  height: number,
  thumbnail: Thumbnail,
): void {
  const { verdict, caption, image } = thumbnail;
  frame(canvas, left, top, tileWidth, height, verdict === 'accepted' ? 1 : 3, colours[verdict]);
  canvas.text(verdict, left + 10, top + 9, { colour: colours[verdict], size: 1.6 });
  if (image) drawSlices(canvas, left + 8, top + 26, image, thumbnail.slices);
  else
    canvas.text('no image', left + tileWidth / 2, top + 26 + sliceHeight / 2, {
      colour: faint,
      align: 'center',
      middle: true,
    });
  caption.slice(0, captionLines).forEach((text, i) => {
    canvas.text(fitted(text, tileWidth - 20, 1.45), left + 10, top + 34 + sliceHeight + i * lineHeight, {
      colour: i === 0 ? ink : faint,
      size: 1.45,
    });
  });
}

function drawSlices(
  canvas: Canvas,
  left: number,
  top: number,
  { grid, data }: NonNullable<Thumbnail['image']>,
  slices: Thumbnail['slices'],
): void {
  const middle = boundingBox(grid, (voxel) => data[voxel] > 0.1).map(([first, last]) =>
    Math.round((first + last) / 2),
  );
  const [y, z] = slices ?? [middle[1], middle[2]];
  const whole = grid.shape.map((size): [number, number] => [0, size - 1]) as unknown as Box;
  const edge = spacing(grid);
  const layers = { grid, background: data, white: 1, occlusion: new Float32Array(data.length) };
  const width = (tileWidth - 24) / 2;
  views.slice(0, 2).forEach((view, i) => {
    const extent = (axis: 0 | 1 | 2) => grid.shape[axis] * edge[axis];
    const scale = Math.min(width / extent(view.across), sliceHeight / extent(view.down));
    const [w, h] = [extent(view.across) * scale, extent(view.down) * scale].map(Math.round);
    const place = {
      left: Math.round(left + i * (width + 8) + (width - w) / 2),
      top: Math.round(top + (sliceHeight - h) / 2),
      width: w,
      height: h,
      box: whole,
    };
    drawSlice(canvas, place, view, view.axis === 1 ? y : z, layers);
    canvas.text('L', place.left + 2, top + 2, { colour: faint, size: 1.3 });
    canvas.text('R', place.left + w - 2, top + 2, { colour: faint, size: 1.3, align: 'right' });
  });
}

function frame(canvas: Canvas, x: number, y: number, w: number, h: number, thick: number, colour: Rgb): void {
  canvas.rect(x, y, w, thick, colour);
  canvas.rect(x, y + h - thick, w, thick, colour);
  canvas.rect(x, y, thick, h, colour);
  canvas.rect(x + w - thick, y, thick, h, colour);
}

/** A text cut to a width in pixels, with dots where it was cut. */
function fitted(text: string, width: number, size: number): string {
  if (textWidth(text) * size <= width) return text;
  let kept = text;
  while (kept.length > 0 && textWidth(`${kept}...`) * size > width) kept = kept.slice(0, -1);
  return `${kept}...`;
}
