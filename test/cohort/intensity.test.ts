import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyIntensity, checkIntensity, type Intensity } from '../../cohort/intensity.ts';
import type { Grid } from '../../cohort/volume.ts';

const gridOf = (shape: [number, number, number], size = 2): Grid => ({
  shape,
  affine: [-size, 0, 0, 0, 0, size, 0, 0, 0, 0, size, 0, 0, 0, 0, 1],
});
const size = fc.integer({ min: 1, max: 6 });
const images = fc.tuple(size, size, size).chain((shape) =>
  fc.record({
    grid: fc.constant(gridOf(shape)),
    data: fc
      .array(fc.float({ min: 0, max: 1, noNaN: true }), {
        minLength: shape[0] * shape[1] * shape[2],
        maxLength: shape[0] * shape[1] * shape[2],
      })
      .map((values) => Float32Array.from(values)),
  }),
);
const apply = ({ grid, data }: { grid: Grid; data: Float32Array }, more: Partial<Intensity>) =>
  applyIntensity(data, grid, { scale: 'none', smoothing: 0, ...more }, 'x');

describe('applyIntensity', () => {
  it('leaves an image as it is unless asked', () => {
    fc.assert(
      fc.property(images, (image) => {
        expect(apply(image, {})).toBe(image.data);
      }),
    );
  });

  it('min-max spans 0 to 1 and keeps the order; a z-score has mean 0 and deviation 1 over the brain', () => {
    fc.assert(
      fc.property(images, (image) => {
        const values = [...image.data];
        fc.pre(new Set(values.filter((value) => value > 0)).size > 1);
        fc.pre(Math.max(...values) - Math.min(...values.filter((value) => value > 0)) > 1e-3);
        const scaled = apply(image, { scale: 'min-max' });
        expect(Math.min(...scaled)).toBe(0);
        expect(Math.max(...scaled)).toBe(1);
        const scores = apply(image, { scale: 'z-score' });
        const brain = scores.filter((_, i) => image.data[i] > 0);
        const mean = brain.reduce((sum, value) => sum + value, 0) / brain.length;
        const square = brain.reduce((sum, value) => sum + value * value, 0) / brain.length;
        expect(Math.abs(mean)).toBeLessThan(1e-4);
        expect(Math.abs(square - 1)).toBeLessThan(1e-3);
        for (let i = 1; i < values.length; i++) {
          if (values[i] > values[i - 1]) expect(scaled[i]).toBeGreaterThanOrEqual(scaled[i - 1]);
        }
      }),
    );
  });

  it('smooths as the product of three Gaussians, 0 outside: against plain sums in float64', () => {
    fc.assert(
      fc.property(images, fc.double({ min: 0.5, max: 12, noNaN: true }), (image, fwhm) => {
        const sigma = fwhm / 2 / Math.sqrt(8 * Math.log(2));
        const reach = Math.floor(4 * sigma + 0.5);
        const weights = Array.from({ length: 2 * reach + 1 }, (_, i) =>
          Math.exp(-((i - reach) ** 2) / 2 / sigma ** 2),
        );
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        const weight = (step: number) => (weights[step + reach] ?? 0) / total;
        const [nx, ny, nz] = image.grid.shape;
        const at = (x: number, y: number, z: number) => (x * ny + y) * nz + z;
        const smooth = apply(image, { smoothing: fwhm });
        for (let x = 0; x < nx; x++)
          for (let y = 0; y < ny; y++)
            for (let z = 0; z < nz; z++) {
              let sum = 0;
              for (let a = 0; a < nx; a++)
                for (let b = 0; b < ny; b++)
                  for (let c = 0; c < nz; c++)
                    sum += weight(a - x) * weight(b - y) * weight(c - z) * image.data[at(a, b, c)];
              expect(Math.abs(smooth[at(x, y, z)] - sum)).toBeLessThan(1e-6);
            }
      }),
      { numRuns: 40 },
    );
  });

  it('refuses images without a scale, and options that cannot be', () => {
    const flat = { grid: gridOf([2, 2, 2]), data: new Float32Array(8).fill(0.5) };
    expect(() => apply(flat, { scale: 'min-max' })).toThrow(
      /x: cannot be scaled \(min-max\): all its voxels are equal/,
    );
    expect(() => apply(flat, { scale: 'z-score' })).toThrow(/its brain has no variance/);
    const empty = { ...flat, data: new Float32Array(8) };
    expect(() => apply(empty, { scale: 'z-score' })).toThrow(/its brain has no variance/);
    for (const bad of [null, {}, { scale: 'log', smoothing: 0 }, { scale: 'none', smoothing: -1 }])
      expect(() => checkIntensity(bad, 'm')).toThrow(/m: has the impossible intensity options/);
  });
});
