import { decode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { Canvas } from '../../report/canvas.ts';
import type { Rgb } from '../../report/colour.ts';
import { textStrokes, textWidth } from '../../report/font.ts';

const black: Rgb = [0, 0, 0];
const white: Rgb = [255, 255, 255];

/** First and last lit column and row. */
function inkBox(canvas: Canvas) {
  const lit = Array.from({ length: canvas.width * canvas.height }, (_, i) => i).filter(
    (i) => canvas.data[3 * i] > 100,
  );
  const xs = lit.map((i) => i % canvas.width);
  const ys = lit.map((i) => Math.floor(i / canvas.width));
  return [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
}

describe('Canvas', () => {
  it('writes a PNG that reads back pixel by pixel', () => {
    const canvas = new Canvas(7, 5, [10, 20, 30]);
    canvas.rect(2, 1, 3, 2, [200, 100, 50]);
    const picture = decode(canvas.png());
    expect([picture.width, picture.height, picture.channels]).toEqual([7, 5, 3]);
    expect([...picture.data.subarray(0, 3)]).toEqual([10, 20, 30]);
    expect([...picture.data.subarray(3 * (7 + 2), 3 * (7 + 3))]).toEqual([200, 100, 50]);
    expect(picture.data.filter((value) => value === 200)).toHaveLength(6);
  });

  it('mixes by opacity and ignores what lies outside', () => {
    const canvas = new Canvas(4, 4, black);
    canvas.rect(-5, -5, 7, 7, white, 0.5);
    expect(canvas.data[0]).toBe(127);
    expect(canvas.data[3 * 2]).toBe(0);
    canvas.strokes([[-10, 2, 20, 2]], 2, white);
    expect(canvas.data[3 * (1 * 4 + 3)]).toBe(255);
  });

  it('lays crossing strokes on once', () => {
    const once = new Canvas(20, 20, black);
    once.strokes([[2, 9.7, 18, 9.7]], 1, white);
    const twice = new Canvas(20, 20, black);
    twice.strokes(
      [
        [2, 9.7, 18, 9.7],
        [2, 9.7, 18, 9.7],
      ],
      1,
      white,
    );
    expect(twice.data).toEqual(once.data);
  });

  it('places text by its side and its height', () => {
    const boxes = (['left', 'center', 'right'] as const).map((align) => {
      const canvas = new Canvas(200, 60, black);
      canvas.text('HOH', 100, 30, { colour: white, size: 3, align, middle: true });
      return inkBox(canvas);
    });
    const width = 3 * textWidth('HOH');
    expect(boxes[0][0]).toBeCloseTo(100, -1);
    expect((boxes[1][0] + boxes[1][1]) / 2).toBeCloseTo(100, -1);
    expect(boxes[2][1]).toBeCloseTo(100, -1);
    for (const [left, right, top, bottom] of boxes) {
      expect(Math.abs(right - left - width)).toBeLessThan(4);
      expect(Math.abs((top + bottom) / 2 - 29.5)).toBeLessThan(1.5);
      expect(Math.abs(bottom - top - 21)).toBeLessThan(3);
    }
  });
});

describe('the alphabet', () => {
  const ascii = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i));
  const drawn = ascii.filter((character) => !'$@\\`{}'.includes(character));

  it('has a shape of its own for every character of names, numbers and titles', () => {
    const shapes = drawn.map((character) => JSON.stringify(textStrokes(character)));
    expect(new Set(shapes).size).toBe(drawn.length);
  });

  it('gives every digit the same room', () => {
    expect(new Set([...'0123456789'].map(textWidth)).size).toBe(1);
  });

  it('drops accents and shows a question mark for what it lacks', () => {
    expect(textStrokes('é')).toEqual(textStrokes('e'));
    expect(textStrokes('中')).toEqual(textStrokes('?'));
  });
});
