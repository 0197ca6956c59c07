import type { Grid } from '../cohort/volume.ts';
import { Canvas } from './canvas.ts';
import type { Rgb } from './colour.ts';
import { brightest, widened } from './scene.ts';
import { drawSlice, type Frame } from './slice.ts';
import { boundingBox, spacing, views } from './views.ts';

/** An image and what an autoencoder makes of it, both in C order on one grid. */
export interface Reconstruction {
  readonly name: string;
  readonly image: Float32Array;
  readonly reconstructed: Float32Array;
}

const margin = 28;
const gap = 18;
const header = 92;
const heading = 30;
const tileHeight = 200;

const paper: Rgb = [13, 14, 17];
const ink: Rgb = [232, 234, 238];
const faint: Rgb = [150, 156, 166];

/**
 * Draws images beside their reconstructions, a row each: a coronal, an axial and a sagittal slice through the middle of the
 * image's tissue, of the image, of its reconstruction, and of how far they are apart (in colour, over the image).
 *
 * @param items at least one
 * @returns a PNG file
 */
export function renderReconstructions(
  title: string,
  grid: Grid,
  items: readonly Reconstruction[],
): Uint8Array {
  const white = Math.max(...items.map(({ image }) => brightest(image)));
  const edge = spacing(grid);
  const tissue = (voxel: number) => items.some(({ image }) => image[voxel] > 0.05 * white);
  const box = widened(boundingBox(grid, tissue), grid);
  const sizes = box.map(([first, last], axis) => (last - first + 1) * edge[axis]);
  const scale = tileHeight / Math.max(...views.map((view) => sizes[view.down]));
  const widths = views.map((view) => Math.round(sizes[view.across] * scale));
  const columns = ['image', 'reconstruction', 'difference, from 0 to the brightest gray'];
  const block = widths.reduce((sum, width) => sum + width, 0) + (views.length - 1) * 6;
  const canvas = new Canvas(
    2 * margin + columns.length * block + (columns.length - 1) * gap,
    header + items.length * (heading + tileHeight) + margin,
    paper,
  );
  canvas.text(title, margin, margin, { colour: ink, size: 2.4 });
  columns.forEach((name, i) => {
    canvas.text(name, margin + i * (block + gap), header - 26, { colour: faint, size: 1.75 });
  });
  items.forEach(({ name, image, reconstructed }, row) => {
    const top = header + row * (heading + tileHeight);
    canvas.text(name, margin, top + 8, { colour: ink, size: 1.6 });
    const none = new Float32Array(image.length);
    const apart = image.map((value, i) => Math.min(1, Math.abs(value - reconstructed[i]) / white));
    const middle = boundingBox(grid, (voxel) => image[voxel] > 0.1 * white).map(([first, last]) =>
      Math.round((first + last) / 2),
    );
    const layers = [
      { background: image, occlusion: none },
      { background: reconstructed, occlusion: none },
      { background: image, occlusion: apart },
    ];
    layers.forEach((layer, column) => {
      let left = margin + column * (block + gap);
      views.forEach((view, i) => {
        const height = Math.round(sizes[view.down] * scale);
        const tile: Frame = { left, top: top + heading, width: widths[i], height, box };
        drawSlice(canvas, tile, view, middle[view.axis], { grid, white, ...layer });
        left += widths[i] + 6;
      });
    });
  });
  return canvas.png();
}
