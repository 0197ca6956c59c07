import { decode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { renderBars } from '../../report/bars.ts';
import { type Rgb, seriesColours } from '../../report/colour.ts';
import { renderCurves, type Series } from '../../report/curves.ts';

/** Where exactly this colour appears. */
function pixels(png: Uint8Array, [r, g, b]: Rgb): [x: number, y: number][] {
  const { width, height, data } = decode(png);
  const found: [number, number][] = [];
  for (let i = 0; i < width * height; i++) {
    if (data[3 * i] === r && data[3 * i + 1] === g && data[3 * i + 2] === b) {
      found.push([i % width, Math.floor(i / width)]);
    }
  }
  return found;
}

const [blue, orange] = seriesColours;

describe('renderBars', () => {
  const bars = [
    { name: 'Insula_L', value: 0.1 },
    { name: 'Hippocampus_L', value: 0.4, planted: true },
    { name: 'Vermis_1_2', value: Number.NaN },
    { name: 'Amygdala_R', value: 0.2, planted: true },
  ];

  it('draws the largest on top, as long as their values', () => {
    const orangePixels = pixels(renderBars(bars), orange).filter(([x]) => x > 60);
    const rows = new Map<number, number>();
    for (const [, y] of orangePixels) rows.set(y, (rows.get(y) ?? 0) + 1);
    const lengths = [...rows.entries()].sort(([a], [b]) => a - b).map(([, length]) => length);
    expect(lengths[0]).toBe(Math.max(...lengths));
    expect(lengths[0] / lengths[lengths.length - 1]).toBeCloseTo(2, 1);
    const bluePixels = pixels(renderBars(bars), blue);
    expect(Math.min(...bluePixels.map(([, y]) => y))).toBeGreaterThan(
      Math.max(...orangePixels.map(([, y]) => y)),
    );
  });

  it('shows the top ones only', () => {
    expect(pixels(renderBars(bars, { top: 2 }), blue)).toHaveLength(0);
    expect(decode(renderBars(bars, { top: 1 })).height).toBeLessThan(decode(renderBars(bars)).height);
  });

  it('draws empty charts', () => {
    expect(decode(renderBars([])).width).toBe(1200);
    expect(decode(renderBars([{ name: 'Insula_L', value: 0 }])).width).toBe(1200);
  });
});

describe('renderCurves', () => {
  /** The line alone, without its sample in the legend. */
  const line = (series: Series[], options = {}) =>
    pixels(renderCurves(series, options), blue).filter(([, y]) => y > 90);

  it('falls where the loss falls', () => {
    const points = line([{ name: 'training', y: [4, 3, 2, 1] }]);
    const left = points.filter(([x]) => x < 300).map(([, y]) => y);
    const right = points.filter(([x]) => x > 1000).map(([, y]) => y);
    expect(Math.max(...left)).toBeLessThan(Math.min(...right));
  });

  it('makes an exponential straight on a logarithmic axis', () => {
    const y = Array.from({ length: 60 }, (_, i) => 10 ** (-i / 10));
    const points = line([{ name: 'loss', y }], { logY: true });
    const heightAt = (column: number) => {
      const rows = points.filter(([x]) => x === column).map(([, row]) => row);
      return rows.reduce((sum, row) => sum + row, 0) / rows.length;
    };
    expect(Math.abs((heightAt(300) + heightAt(900)) / 2 - heightAt(600))).toBeLessThan(1.5);
  });

  it('leaves gaps where there is no number', () => {
    const y = Array.from({ length: 101 }, (_, i) => (i > 40 && i < 60 ? Number.NaN : 1 + i));
    const columns = new Set(line([{ name: 'loss', y }]).map(([x]) => x));
    expect(columns.has(450)).toBe(true);
    expect(columns.has(641)).toBe(false);
    expect(columns.has(830)).toBe(true);
  });

  it('draws a single epoch, and none', () => {
    expect(line([{ name: 'training', y: [0.5] }]).length).toBeGreaterThan(20);
    expect(decode(renderCurves([])).width).toBe(1200);
    expect(decode(renderCurves([{ name: 'loss', y: [0, -1] }], { logY: true })).height).toBe(640);
  });
});
