import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resample } from '../../cohort/resample.ts';
import { type Grid, toWorld } from '../../cohort/volume.ts';

const size = fc.integer({ min: 1, max: 6 });
const shapes = fc.tuple(size, size, size);
const spacing = fc.double({ min: 0.5, max: 3, noNaN: true });
const place = fc.double({ min: -5, max: 5, noNaN: true });
const angle = fc.double({ min: -0.5, max: 0.5, noNaN: true });

/** A grid, turned about z and possibly sheared: any affine is allowed. */
const grids = fc
  .record({
    shape: shapes,
    spacing: fc.tuple(spacing, spacing, spacing),
    origin: fc.tuple(place, place, place),
    angle,
  })
  .map(({ shape, spacing: [a, b, c], origin, angle: turn }): Grid => {
    const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
    return {
      shape,
      affine: [
        -a * cos,
        -b * sin,
        0,
        origin[0],
        -a * sin,
        b * cos,
        0.1,
        origin[1],
        0,
        0,
        c,
        origin[2],
        0,
        0,
        0,
        1,
      ],
    };
  });

/** Values of a linear function of the world, which trilinear interpolation returns exactly. */
function linear(grid: Grid, [a, b, c, d]: readonly number[]): Float32Array {
  const [nx, ny, nz] = grid.shape;
  const data = new Float32Array(nx * ny * nz);
  for (let x = 0, i = 0; x < nx; x++)
    for (let y = 0; y < ny; y++)
      for (let z = 0; z < nz; z++, i++) {
        const [wx, wy, wz] = toWorld(grid, x, y, z);
        data[i] = a * wx + b * wy + c * wz + d;
      }
  return data;
}

describe('resample', () => {
  it('on its own grid changes nothing, by either interpolation', () => {
    fc.assert(
      fc.property(grids, (grid) => {
        const data = linear(grid, [1, -2, 3, 4]).map((value) => Math.round(value));
        expect(resample(data, grid, grid, 'nearest')).toEqual(data);
        const same = resample(data, grid, grid, 'trilinear');
        same.forEach((value, i) => {
          expect(Math.abs(value - data[i])).toBeLessThan(1e-4);
        });
      }),
    );
  });

  it('returns linear functions of the world wherever the grids overlap, and 0 elsewhere', () => {
    let inside = 0;
    fc.assert(
      fc.property(
        grids,
        grids,
        fc.tuple(place, place, place, fc.constant(100)),
        (from, onto, coefficients) => {
          const sampled = resample(linear(from, coefficients), from, onto, 'trilinear');
          const wanted = linear(onto, coefficients);
          sampled.forEach((value, i) => {
            if (value === 0) return;
            inside++;
            // Up to 0.001 mm beyond the outermost centers, their values are taken.
            expect(Math.abs(value - wanted[i])).toBeLessThan(0.02);
          });
        },
      ),
    );
    expect(inside).toBeGreaterThan(100);
  });

  it('takes the nearest label, the lower voxel halfway, and nothing beyond the outermost centers', () => {
    const from: Grid = { shape: [3, 1, 1], affine: [-2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1] };
    const onto: Grid = { shape: [7, 1, 1], affine: [-1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1] };
    const labels = Float32Array.of(7, 8, 9);
    expect([...resample(labels, from, onto, 'nearest')]).toEqual([0, 7, 7, 8, 8, 9, 0]);
    expect([...resample(labels, from, onto, 'trilinear')]).toEqual([0, 7, 7.5, 8, 8.5, 9, 0]);
  });

  it.each(['trilinear', 'nearest'] as const)(
    'keeps every voxel of a grid that differs by rounding only, and the faces of one that is finer (%s)',
    (method) => {
      for (const shift of [3e-6, -3e-6, 5e-4, -5e-4]) {
        const affine = (step: number, x: number) => [
          -step,
          0,
          0,
          x,
          0,
          step,
          0,
          0,
          0,
          0,
          step,
          0,
          0,
          0,
          0,
          1,
        ];
        const grid: Grid = { shape: [5, 4, 3], affine: affine(2, 90) };
        const data = Float32Array.from({ length: 60 }, (_, i) => i + 1);
        expect(resample(data, grid, { ...grid, affine: affine(2, 90 + shift) }, method)).toEqual(data);
        const finer: Grid = { shape: [9, 7, 5], affine: affine(1, 90 + shift) };
        const sampled = resample(data, grid, finer, method);
        expect(sampled.every((value) => value > 0)).toBe(true);
        // Halfway between two labels the lower one is taken, whatever the rounding.
        if (method === 'nearest') expect(sampled[1 * 7 * 5]).toBe(data[0]);
      }
    },
  );

  it('loses nothing of a coarse volume on a finer grid, at its own voxels', () => {
    const affine = (step: number) => [-step, 0, 0, 4, 0, step, 0, -3, 0, 0, step, 2, 0, 0, 0, 1];
    const coarse: Grid = { shape: [3, 4, 2], affine: affine(3) };
    const fine: Grid = { shape: [7, 10, 4], affine: affine(1) };
    const data = Float32Array.from({ length: 24 }, (_, i) => (i * 7) % 11);
    const sampled = resample(data, coarse, fine, 'trilinear');
    for (let x = 0; x < 3; x++)
      for (let y = 0; y < 4; y++)
        for (let z = 0; z < 2; z++)
          expect(sampled[(3 * x * 10 + 3 * y) * 4 + 3 * z]).toBe(data[(x * 4 + y) * 2 + z]);
  });
});
