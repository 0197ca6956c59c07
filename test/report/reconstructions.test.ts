import { decode } from 'fast-png';
import { expect, it } from 'vitest';
import { renderReconstructions } from '../../report/reconstructions.ts';
import { cubicGrid, egg, fill } from './volumes.ts';

const grid = cubicGrid([23, 28, 23], 8);
const image = fill(grid, egg);

/** How many pixels of a third of the picture (image, reconstruction, difference) are gray, and how many coloured. */
function counts(png: Uint8Array, third: number): { gray: number; coloured: number } {
  const { width, height, data } = decode(png);
  let [gray, coloured] = [0, 0];
  for (let y = 100; y < height; y++)
    for (let x = Math.ceil((third * width) / 3) + 10; x < ((third + 1) * width) / 3 - 10; x++) {
      const [r, g, b] = data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3);
      if (r === g && g === b && r > 60) gray++;
      if (Math.abs(r - b) > 60) coloured++;
    }
  return { gray, coloured };
}

it('shows the image, the reconstruction and, in colour, where they differ', () => {
  const draw = (reconstructed: Float32Array) =>
    renderReconstructions('t', grid, [{ name: 'sub-1', image, reconstructed }]);
  const same = draw(image);
  expect(counts(same, 0).gray).toBeGreaterThan(20_000);
  expect(counts(same, 1).gray / counts(same, 0).gray).toBeCloseTo(1, 1);
  expect(counts(same, 2).coloured).toBe(0);
  const half = draw(fill(grid, (x, y, z) => (x < 0 ? 0 : egg(x, y, z))));
  expect(counts(half, 0).gray).toBe(counts(same, 0).gray);
  expect(counts(half, 1).gray).toBeLessThan(0.8 * counts(half, 0).gray);
  expect(counts(half, 2).coloured).toBeGreaterThan(5_000);
  expect(counts(half, 1).coloured).toBe(0);
});

it('has a row for each image', () => {
  const height = (count: number) =>
    decode(renderReconstructions('t', grid, Array(count).fill({ name: 'n', image, reconstructed: image })))
      .height;
  expect(height(3) - height(2)).toBe(height(2) - height(1));
  expect(height(2)).toBeGreaterThan(height(1));
});
