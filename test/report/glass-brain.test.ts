import { decode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { renderGlassBrain } from '../../report/glass-brain.ts';
import { cubicGrid, egg, fill } from './volumes.ts';

const grid = cubicGrid([31, 37, 31], 6);
const background = fill(grid, egg);

/** Columns and rows of the pixels of strong colour. */
function coloured(png: Uint8Array): { x: number; y: number }[] {
  const { width, data } = decode(png);
  const found: { x: number; y: number }[] = [];
  for (let at = 0; at < data.length; at += 3) {
    const channels = [data[at], data[at + 1], data[at + 2]];
    if (Math.max(...channels) - Math.min(...channels) < 60) continue;
    const pixel = at / 3;
    found.push({ x: pixel % width, y: Math.floor(pixel / width) });
  }
  return found;
}

describe('renderGlassBrain', () => {
  it("shows what lies anywhere along the line of sight, the subject's left on the left", () => {
    // far forwards: no middle slice would show it
    const mask = fill(grid, (x, y, z) => (Math.hypot(x + 30, y - 40, z) < 12 ? 0 : 1));
    const pixels = coloured(
      renderGlassBrain({ title: 't', grid, background, masks: [{ heading: 'm', mask }] }),
    );
    const columns = pixels.map(({ x }) => x).sort((a, b) => a - b);
    // three places, one in each view; the colours of no other pixels
    const gaps = columns.filter((x, i) => i > 0 && x - columns[i - 1] > 30);
    expect(gaps).toHaveLength(2);
    // the coronal view is the first: left of its middle, which is some 28 + 111 pixels in
    expect(Math.max(...columns.filter((x) => x < gaps[0]))).toBeLessThan(139);
  });

  it('has a row for each mask, and no colour for an empty one', () => {
    const empty = fill(grid, () => 1);
    const one = renderGlassBrain({ title: 't', grid, background, masks: [{ heading: 'a', mask: empty }] });
    const two = renderGlassBrain({
      title: 't',
      grid,
      background,
      masks: [
        { heading: 'a', mask: empty },
        { heading: 'b', mask: empty },
      ],
    });
    expect(coloured(one)).toEqual([]);
    expect(decode(two).height).toBeGreaterThan(decode(one).height + 200);
  });

  it('refuses volumes of another grid', () => {
    expect(() =>
      renderGlassBrain({
        title: 't',
        grid,
        background,
        masks: [{ heading: 'a', mask: new Float32Array(3) }],
      }),
    ).toThrow(/3 values/);
  });
});
