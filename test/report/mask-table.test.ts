import { decode } from 'fast-png';
import { expect, it } from 'vitest';
import type { Grid } from '../../cohort/volume.ts';
import { type MaskTable, renderMaskTable } from '../../report/mask-table.ts';

const shape = [10, 12, 10] as const;
const grid: Grid = { shape, affine: [-6, 0, 0, 30, 0, 6, 0, -36, 0, 0, 6, -30, 0, 0, 0, 1] };
const filled = (value: (x: number, y: number, z: number) => number) => {
  const [nx, ny, nz] = shape;
  return Float32Array.from({ length: nx * ny * nz }, (_, u) =>
    value(Math.floor(u / (ny * nz)), Math.floor(u / nz) % ny, u % nz),
  );
};
const background = filled((x, y, z) => Number(Math.hypot(x - 5, y - 6, z - 5) < 4));

/** A veil of 0.1 over everything, air included, and one spot of two voxels at y = 7. */
const veiled = filled((x, y, z) => (x >= 4 && x <= 5 && y === 7 && z === 5 ? 0 : 0.9));
const table = (rows: MaskTable['rows']): MaskTable => ({ title: 'Masks', grid, background, rows });

/** Pixels as bright and warm as the top of the heat map. */
function hot(png: Uint8Array): number {
  const { data } = decode(png);
  let found = 0;
  for (let i = 0; i < data.length; i += 3)
    if (data[i] > 200 && data[i + 1] > 150 && data[i + 2] < 160) found += 1;
  return found;
}

it('shows the slice where the brain is occluded most, not the one under the largest faint veil', () => {
  const one = renderMaskTable(table([{ heading: 'beta1 1', tiles: [{ heading: 'beta2 1', mask: veiled }] }]));
  expect(hot(one)).toBeGreaterThan(50);
  const veil = veiled.map(() => 0.9);
  expect(hot(renderMaskTable(table([{ heading: '', tiles: [{ heading: '', mask: veil }] }])))).toBe(0);
});

it('lets a mask that hides much draw the slice no more than one that hides little', () => {
  const spot = {
    heading: 'spot',
    mask: filled((x, y, z) => (x >= 4 && x <= 5 && y === 7 && z === 5 ? 0 : 1)),
  };
  const slab = { heading: 'slab', mask: filled((_x, y) => (y >= 3 && y <= 5 ? 0 : 1)) };
  const alone = hot(renderMaskTable(table([{ heading: '', tiles: [spot] }])));
  expect(hot(renderMaskTable(table([{ heading: '', tiles: [spot, spot, slab] }])))).toBe(2 * alone);
});

it('has a tile per mask, gaps where there is none, and refuses volumes of another size', () => {
  const tile = { heading: 'beta2 1', mask: veiled };
  const row = { heading: 'beta1 1', tiles: [tile, tile] };
  const two = renderMaskTable(table([row, { heading: 'beta1 2', tiles: [tile, null] }]));
  expect(hot(two)).toBe(3 * hot(renderMaskTable(table([{ heading: '', tiles: [tile] }]))));
  expect(() => renderMaskTable(table([]))).toThrow(/no mask/);
  const short = { heading: '', mask: veiled.slice(1) };
  expect(() => renderMaskTable(table([{ heading: '', tiles: [short] }]))).toThrow(
    /1199 values, the grid 1200/,
  );
});
