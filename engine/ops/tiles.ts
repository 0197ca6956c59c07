import { OCTET } from '../tuning.ts';
import type { VolumeShape } from './shapes.ts';

/** A workgroup's share of a convolution, as the constants of kernels/conv3d_tile.wgsl: windows along each axis, octets. */
export interface Tile {
  readonly OCTETS: number;
  readonly VX: number;
  readonly VY: number;
  readonly VZ: number;
}

/** The tile of kernels/conv3d_narrow_tile.wgsl. */
export const NARROW_TILE: Tile = { OCTETS: 1, VX: 8, VY: 4, VZ: 4 };

const MOST_GROUPS = 65_535; // of a grid's dimension

/** Windows (x, y, z) of a tile by the octets it has; their product times the octets is the number of threads. */
const SHAPES: Readonly<Record<number, readonly (readonly [number, number, number])[]>> = {
  1: [
    [8, 4, 4],
    [16, 4, 2],
  ],
  2: [[8, 4, 2]],
  4: [
    [8, 2, 2],
    [4, 4, 2],
  ],
  8: [
    [4, 2, 2],
    [2, 4, 2],
    [2, 2, 4],
  ],
};

/**
 * The tile for a convolution's output: as many octets as there are, up to eight, since they share the tile's values; of
 * the shapes the one that leaves the fewest windows beyond the volume.
 */
export function tileOf(volume: VolumeShape, co: number, pooled = false): Tile {
  const octets = Math.ceil(co / OCTET);
  const OCTETS = octets >= 5 ? 8 : octets >= 3 ? 4 : octets;
  const tiles = SHAPES[OCTETS].map(([VX, VY, VZ]) => ({ OCTETS, VX, VY, VZ }));
  if (OCTETS === 1) return tiles[pooled ? 0 : 1]; // long rows are written faster
  return tiles.reduce((best, one) => (tileCount(volume, one) < tileCount(volume, best) ? one : best));
}

/** Tiles that cover a volume. */
export function tileCount({ d, h, w }: VolumeShape, { VX, VY, VZ }: Tile): number {
  const along = (size: number, windows: number) => Math.ceil(Math.ceil(size / 2) / windows);
  return along(w, VX) * along(h, VY) * along(d, VZ);
}

/** The kernels' grid: tiles, folded where there are more than a dimension takes; `parts` of the channels; samples. */
export function tileGrid(volume: VolumeShape, tile: Tile, parts: number): [number, number, number] {
  const tiles = tileCount(volume, tile);
  const folds = Math.ceil(tiles / MOST_GROUPS);
  return [Math.ceil(tiles / folds), parts, volume.n * folds];
}

/** A workgroup's share of a weight gradient, as the constants of kernels/conv3d_weight_grad_tile.wgsl. */
export interface SumTile {
  readonly CI: number;
  readonly OCTETS: number;
  readonly ROWS: number;
  readonly ACROSS: number;
}

const SUM_LANES = 64; // of a plane of the kernel

const WORKGROUP_BYTES = 16_384; // that any device has

/**
 * The tile for a weight gradient: lanes are channels as far as there are as many, else rows; as wide as the volume and
 * the workgroup's memory allow.
 */
export function sumTileOf(ci: number, co: number, w: number): SumTile {
  const powerOfTwo = (size: number, most: number) => 2 ** Math.floor(Math.log2(Math.min(size, most)));
  const OCTETS = powerOfTwo(Math.ceil(co / OCTET), 4);
  const CI = powerOfTwo(ci, OCTETS === 4 ? 4 : 8);
  const ROWS = SUM_LANES / CI / OCTETS;
  const tile = (ACROSS: number) => ({ CI, OCTETS, ROWS, ACROSS });
  const fits = [16, 8, 4].filter((width) => sumTileBytes(tile(width)) <= WORKGROUP_BYTES);
  return tile(fits.find((width) => width / 2 < w) ?? fits[fits.length - 1]);
}

function sumTileBytes({ CI, OCTETS, ROWS, ACROSS }: SumTile): number {
  const x = CI * (3 * (ROWS + 2) * (ACROSS + 3) + 32);
  const dy = OCTETS * ROWS * (2 * ACROSS + 1);
  return 4 * x + 16 * Math.max(dy, 3 * SUM_LANES);
}
