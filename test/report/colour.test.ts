import { describe, expect, it } from 'vitest';
import { heat, type Rgb } from '../../report/colour.ts';

const samples = Array.from({ length: 33 }, (_, i) => heat(i / 32));

/** CIE L*a*b* under D65, worked out apart from the code under test, which goes through OKLab. */
function cielab(rgb: Rgb): number[] {
  const [r, g, b] = rgb.map((value) => {
    const c = value / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  const f = (t: number) => (t > (6 / 29) ** 3 ? Math.cbrt(t) : t / (3 * (6 / 29) ** 2) + 4 / 29);
  const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505);
  const y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

describe('heat', () => {
  it('only grows lighter, evenly', () => {
    const lightness = samples.map((rgb) => cielab(rgb)[0]);
    const rises = lightness.slice(1).map((value, i) => value - lightness[i]);
    expect(lightness[32] - lightness[0]).toBeGreaterThan(65);
    for (const rise of rises) {
      expect(rise).toBeGreaterThan(1);
      expect(rise).toBeLessThan(4.5);
    }
  });

  it('is the nearest colour the screen has at the ends, and clamps', () => {
    expect(heat(-3)).toEqual(heat(0));
    expect(heat(7)).toEqual(heat(1));
    expect(heat(Number.NaN)).toEqual(heat(0));
    expect(heat(1)[0]).toBeGreaterThan(230);
    expect(heat(0)[2]).toBeGreaterThan(heat(0)[1]);
  });

  it('has neighbours a hardly visible step apart', () => {
    for (let i = 1; i < 256; i++) {
      const [a, b] = [cielab(heat((i - 1) / 255)), cielab(heat(i / 255))];
      expect(Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])).toBeLessThan(2.3);
    }
  });
});
