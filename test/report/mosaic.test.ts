import { decode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { readVolume } from '../../cohort/nifti.ts';
import { renderMosaic } from '../../report/mosaic.ts';
import { noReference, referenceFile } from '../cohort/reference-images.ts';
import { cubicGrid, egg, fill } from './volumes.ts';

const template = referenceFile('gm_icbm152_2009a_sym_1p5mm_uint8slope.nii.gz');

/** Middle of the pixels of strong colour within a part of the picture, given as shares of its height. */
function colourMiddle(png: Uint8Array, from: number, to: number, columns = 1440) {
  const { width, height, data } = decode(png);
  let count = 0;
  let x = 0;
  let y = 0;
  for (let row = Math.round(from * height); row < to * height; row++) {
    for (let column = 0; column < columns; column++) {
      const at = 3 * (row * width + column);
      const channels = [data[at], data[at + 1], data[at + 2]];
      if (Math.max(...channels) - Math.min(...channels) < 60) continue;
      count++;
      x += column;
      y += row;
    }
  }
  return { count, x: x / count, y: y / count };
}

/** A ball of full occlusion around a point in mm. */
const ball = (cx: number, cy: number, cz: number) => (x: number, y: number, z: number) =>
  Math.hypot(x - cx, y - cy, z - cz) < 16 ? 0 : 1;

describe('renderMosaic', () => {
  it('is 1600 pixels wide at every grid', () => {
    for (const [shape, edge] of [
      [[31, 37, 31], 6],
      [[61, 73, 61], 3],
    ] as const) {
      const grid = cubicGrid([...shape], edge);
      const png = renderMosaic({ grid, background: fill(grid, egg), mask: fill(grid, ball(-20, -10, 0)) });
      const picture = decode(png);
      expect(picture.width).toBe(1600);
      expect(picture.height).toBeGreaterThan(600);
      expect(picture.channels).toBe(3);
    }
  });

  it("shows the subject's left on the left, front and top up", () => {
    const grid = cubicGrid([41, 41, 41], 4);
    const draw = (x: number, y: number, z: number) => {
      const background = fill(grid, (a, b, c) => egg(a, b * (80 / 60), c));
      const png = renderMosaic({ grid, background, mask: fill(grid, ball(x, y, z)), columns: 1 });
      // One tile a row, equally high: the rows' tiles stand at these shares of the picture's height.
      return [colourMiddle(png, 0.03, 0.34), colourMiddle(png, 0.34, 0.66), colourMiddle(png, 0.66, 0.97)];
    };
    const [coronal, axial, sagittal] = draw(-30, 30, 30);
    const [coronalFar, axialFar, sagittalFar] = draw(30, -30, -30);
    expect(coronal.x).toBeLessThan(coronalFar.x - 100);
    expect(coronal.y).toBeLessThan(coronalFar.y - 100);
    expect(axial.x).toBeLessThan(axialFar.x - 100);
    expect(axial.y).toBeLessThan(axialFar.y - 100);
    expect(sagittal.x).toBeGreaterThan(sagittalFar.x + 100);
    expect(sagittal.y).toBeLessThan(sagittalFar.y - 100);
  });

  it('lays no colour over the brain where m = 1 or m is not a number', () => {
    const grid = cubicGrid([31, 37, 31], 6);
    const background = fill(grid, egg);
    const mask = fill(grid, (x) => (x > 0 ? 1 : Number.NaN));
    expect(colourMiddle(renderMosaic({ grid, background, mask }), 0, 1).count).toBe(0);
  });

  it('draws the borders of regions', () => {
    const grid = cubicGrid([31, 37, 31], 6);
    const background = fill(grid, egg);
    const mask = fill(grid, () => 1);
    const outline = Int32Array.from(fill(grid, (x) => (x > 0 ? 1 : 0)));
    const plain = decode(renderMosaic({ grid, background, mask })).data;
    const lined = decode(renderMosaic({ grid, background, mask, outline })).data;
    const differing = lined.filter((value, i) => value !== plain[i]).length / 3;
    // One upright line of some 200 pixels in each coronal and axial tile.
    expect(differing).toBeGreaterThan(12 * 100);
    expect(differing).toBeLessThan(12 * 300);
  });

  it('refuses volumes that do not fill the grid', () => {
    const grid = cubicGrid([4, 4, 4], 6);
    const background = new Float32Array(64);
    expect(() => renderMosaic({ grid, background, mask: new Float32Array(63) })).toThrow(
      /mask holds 63 values, its grid 64/,
    );
  });

  it.skipIf(noReference)('draws over the ICBM template', () => {
    const { grid, data } = readVolume(template);
    const png = renderMosaic({ grid, background: data, mask: fill(grid, ball(-26, -20, -14)) });
    const coronal = colourMiddle(png, 0, 0.35);
    expect(decode(png).width).toBe(1600);
    expect(coronal.count).toBeGreaterThan(200);
  });
});
