import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readVolume, writeVolume } from '../../cohort/nifti.ts';
import { orientationOf } from '../../cohort/orientation.ts';
import {
  describeGrid,
  describeGrids,
  type Grid,
  sameGrid,
  toWorld,
  voxelVolume,
} from '../../cohort/volume.ts';
import { put, rawDatatypes, rawFile, temporaryFolder } from './raw-nifti.ts';

const folder = temporaryFolder();

const permutations = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
];

/** One of the 48 ways to store an array, and where its voxels lie. */
interface Stored {
  /** World axis (0 right, 1 anterior, 2 superior) of each stored axis, and the sign of its direction. */
  world: number[];
  signs: number[];
  sizes: number[];
  /** By stored axis. */
  shape: number[];
  origin: number[];
}

const storedArrays = fc.record<Stored>({
  world: fc.constantFrom(...permutations),
  signs: fc.array(fc.constantFrom(-1, 1), { minLength: 3, maxLength: 3 }),
  sizes: fc.array(fc.constantFrom(0.5, 1, 1.5, 2.25), { minLength: 3, maxLength: 3 }),
  shape: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 3, maxLength: 3 }),
  origin: fc.array(fc.integer({ min: -90, max: 90 }), { minLength: 3, maxLength: 3 }),
});

type Rotation = readonly (readonly number[])[];
const upright: Rotation = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

/** The 12 numbers of the stored affine, the whole array turned by a rotation. */
function sformOf({ world, signs, sizes, origin }: Stored, rotation = upright): number[] {
  const columns = world.map((axis, i) => upright[axis].map((one) => one * signs[i] * sizes[i]));
  return upright.flatMap((_, row) => [
    ...columns.map((column) => rotation[row].reduce((sum, factor, k) => sum + factor * column[k], 0)),
    rotation[row].reduce((sum, factor, k) => sum + factor * origin[k], 0),
  ]);
}

/** Every stored voxel, first axis fastest. */
function voxels(shape: number[]): number[][] {
  const all: number[][] = [];
  for (let k = 0; k < shape[2]; k++)
    for (let j = 0; j < shape[1]; j++) for (let i = 0; i < shape[0]; i++) all.push([i, j, k]);
  return all;
}

function apply(affine: readonly number[], [i, j, k]: number[]): number[] {
  return [0, 1, 2].map((row) => {
    const [a, b, c, d] = affine.slice(4 * row, 4 * row + 4);
    return a * i + b * j + c * k + d;
  });
}

/** A whole number from 0 to 100 that tells places in the brain apart, whichever way they are stored. */
function valueAt([right, anterior, superior]: number[]): number {
  const mixed = 13 * Math.round(4 * right) + 29 * Math.round(4 * anterior) + 71 * Math.round(4 * superior);
  return ((mixed % 101) + 101) % 101;
}

describe('orientation', () => {
  it('reads the same brain from all 48 orientations, every datatype, byte order and version', () => {
    fc.assert(
      fc.property(
        storedArrays,
        fc.constantFrom(...Object.keys(rawDatatypes)),
        fc.boolean(),
        fc.constantFrom(1, 2),
        (stored, datatype, little, version) => {
          const sform = sformOf(stored);
          const values = voxels(stored.shape).map((index) => valueAt(apply(sform, index)));
          const raw = { version: version as 1 | 2, little, dims: stored.shape, datatype, sform, values };
          const { grid, data } = readVolume(put(folder, 'any.nii', rawFile(raw)));
          const [nx, ny, nz] = grid.shape;
          expect(data).toHaveLength(values.length);
          for (let x = 0; x < nx; x++) {
            for (let y = 0; y < ny; y++) {
              for (let z = 0; z < nz; z++) {
                expect(data[(x * ny + y) * nz + z]).toBe(valueAt(toWorld(grid, x, y, z)));
              }
            }
          }
          expect([grid.affine[0] < 0, grid.affine[5] > 0, grid.affine[10] > 0]).toEqual([true, true, true]);
          const offDiagonal = [1, 2, 4, 6, 8, 9].map((i) => grid.affine[i]);
          expect(offDiagonal).toEqual([0, 0, 0, 0, 0, 0]);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('writes back in the stored order what it read, with the header fields of place untouched', () => {
    fc.assert(
      fc.property(storedArrays, fc.boolean(), fc.constantFrom(1, 2), (stored, little, version) => {
        const sform = sformOf(stored);
        const values = voxels(stored.shape).map((index) => valueAt(apply(sform, index)));
        const raw = { version: version as 1 | 2, little, dims: stored.shape, sform, values };
        const original = rawFile(raw);
        const volume = readVolume(put(folder, 'in.nii', original));
        const out = path.join(folder, 'out.nii');
        writeVolume(out, volume.data, volume);
        const again = readVolume(out);
        expect(again.data).toEqual(volume.data);
        expect(again.grid).toEqual(volume.grid);
        const [start, end] = version === 1 ? [252, 328] : [344, 496]; // codes, quaternion, rows
        const bytes = (file: Uint8Array) => Buffer.from(file).subarray(start, end).toString('hex');
        expect(bytes(readFileSync(out))).toBe(bytes(original));
        expect(again.storage.littleEndian).toBe(little);
      }),
      { numRuns: 100 },
    );
  });

  it('takes an oblique array by its nearest axes, and keeps its affine oblique', () => {
    const angle = fc.double({ min: -0.4, max: 0.4, noNaN: true });
    fc.assert(
      fc.property(storedArrays, angle, fc.integer({ min: 0, max: 2 }), (stored, turn, about) => {
        const [u, v] = [0, 1, 2].filter((axis) => axis !== about);
        const rotation = upright.map((row) => [...row]);
        rotation[u][u] = rotation[v][v] = Math.cos(turn);
        rotation[u][v] = -Math.sin(turn);
        rotation[v][u] = Math.sin(turn);
        const sform = sformOf(stored, rotation);
        // The value tells the place in the array before it was turned.
        const straight = sformOf(stored);
        const values = voxels(stored.shape).map((index) => valueAt(apply(straight, index)));
        const { grid, data } = readVolume(
          put(folder, 'oblique.nii', rawFile({ dims: stored.shape, sform, values })),
        );
        const [nx, ny, nz] = grid.shape;
        for (let x = 0; x < nx; x++) {
          for (let y = 0; y < ny; y++) {
            for (let z = 0; z < nz; z++) {
              const place = toWorld(grid, x, y, z);
              const turnedBack = [0, 1, 2].map((axis) =>
                place.reduce((sum, value, row) => sum + rotation[row][axis] * value, 0),
              );
              expect(data[(x * ny + y) * nz + z]).toBe(valueAt(turnedBack));
            }
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it('decides an array turned by 45 degrees the same way each time', () => {
    const half = Math.SQRT1_2;
    const affine = [half, -half, 0, 0, half, half, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
    expect(orientationOf(affine)).toEqual({ axes: [0, 1, 2], flips: [true, false, false] });
  });
});

describe('grids', () => {
  const grid: Grid = {
    shape: [121, 145, 121],
    affine: [-1.5, 0, 0, 90, 0, 1.5, 0, -126, 0, 0, 1.5, -72, 0, 0, 0, 1],
  };
  const moved = (index: number, by: number): Grid => ({
    shape: grid.shape,
    affine: grid.affine.map((value, i) => (i === index ? value + by : value)),
  });

  it('are the same within 0.001 mm at the corners', () => {
    expect(sameGrid(grid, moved(3, 9e-4))).toBe(true);
    expect(sameGrid(grid, moved(3, 2e-3))).toBe(false);
    expect(sameGrid(grid, moved(0, 1e-5))).toBe(false); // 120 voxels away it is 0.0012 mm
    expect(sameGrid(grid, { ...grid, shape: [121, 145, 120] })).toBe(false);
  });

  it('know their voxel volume and describe themselves', () => {
    expect(voxelVolume(grid)).toBeCloseTo(3.375, 12);
    expect(describeGrid(grid)).toBe('121 x 145 x 121 voxels of 1.5 x 1.5 x 1.5 mm');
    expect(toWorld(grid, 60, 84, 48)).toEqual([0, 0, 0]);
    const [one, other] = describeGrids(grid, moved(3, 2));
    expect(one).toContain('-1.5 0 0 90');
    expect(other).toContain('-1.5 0 0 92');
  });
});
