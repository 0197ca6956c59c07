import { decode } from 'fast-png';
import { expect, it } from 'vitest';
import { renderContactSheet, type SheetImage, type Thumbnail } from '../../report/contact-sheet.ts';

const grid = { shape: [6, 7, 5] as const, affine: [-3, 0, 0, 9, 0, 3, 0, -9, 0, 0, 3, -6, 0, 0, 0, 1] };

/** Bright in the half of the voxels whose x is high: the subject's left. */
const left = Float32Array.from({ length: 6 * 7 * 5 }, (_, i) => (Math.floor(i / 35) >= 3 ? 1 : 0));
const thumbnail = (
  verdict: Thumbnail['verdict'],
  image: SheetImage | null = { grid, data: left, white: 1 },
  caption: readonly string[] = ['sub-1 ses-M000 AD', 'max 1.000', 'x'.repeat(200)],
): Thumbnail => ({ verdict, image: () => image, caption });
const draw = (...all: Thumbnail[]) => decode(renderContactSheet('t', 'about', all));

it('has a row for every four images, and only one when there is none', () => {
  const height = (count: number) =>
    draw(...Array.from({ length: count }, () => thumbnail('flagged', null, ['one line']))).height;
  expect(height(0)).toBe(height(4));
  expect(height(5) - height(4)).toBe(height(9) - height(5));
  expect(height(5)).toBeGreaterThan(height(4));
});

it("shows the subject's left on the left, and keeps each image within its own frame", () => {
  const [with1, without] = [draw(thumbnail('rejected')), draw(thumbnail('rejected', null))];
  const { width, height } = with1;
  let [brightLeft, brightRight, outside] = [0, 0, 0];
  for (let y = 110; y < 245; y++)
    for (let x = 0; x < width; x++) {
      const at = 3 * (y * width + x);
      if (with1.data[at] === without.data[at]) continue;
      if (x < 28 || x >= 28 + 424) outside++;
      // The coronal slice is 6 of the 19 voxels across that share the width.
      else if (x < 38 + 61) brightLeft += with1.data[at];
      else if (x < 38 + 122) brightRight += with1.data[at];
    }
  expect(outside).toBe(0);
  expect(brightLeft).toBeGreaterThan(5 * brightRight);
  expect(height).toBe(without.height);
});

it('draws three slices, of those that are asked for', () => {
  const plane = (axis: number) =>
    Float32Array.from({ length: 6 * 7 * 5 }, (_, i) => {
      const at = [Math.floor(i / 35), Math.floor(i / 5) % 7, i % 5];
      return at[axis] === 1 ? 1 : 0;
    });
  const bright = (data: Float32Array, slices: SheetImage['slices'], [from, to]: [number, number]) => {
    const { data: pixels, width } = draw(thumbnail('flagged', { grid, data, white: 1, slices }));
    let count = 0;
    for (let y = 105; y < 240; y++)
      for (let x = from; x < to; x++) if (pixels[3 * (y * width + x)] > 140) count++;
    return count;
  };
  const places = [
    [1, [40, 158]], // coronal
    [2, [168, 286]], // axial
    [0, [296, 434]], // sagittal
  ] as const;
  for (const [axis, [from, to]] of places) {
    const chosen = (at: number) =>
      [0, 1, 2].map((one) => (one === axis ? at : 4)) as unknown as [number, number, number];
    const [on, off] = [1, 3].map((at) => bright(plane(axis), chosen(at), [from, to]));
    expect(on).toBeGreaterThan(off + 5_000);
  }
});

it('tells verdicts apart by their frames', () => {
  const at = (picture: { data: ArrayLike<number>; width: number }, x: number, y: number) =>
    [0, 1, 2].map((c) => picture.data[3 * (y * picture.width + x) + c]);
  const frames = (['rejected', 'flagged', 'accepted'] as const).map((verdict) =>
    at(draw(thumbnail(verdict)), 28, 200),
  );
  expect(new Set(frames.map(String)).size).toBe(3);
});

it('wraps long captions within their frame, and makes room for them', () => {
  const long = 'gray matter reaches the top face of the volume, where the others have none '.repeat(3);
  const [short, wrapped] = ['max 1', long].map((text) => draw(thumbnail('flagged', null, [text])));
  expect(wrapped.height).toBeGreaterThan(short.height + 2 * 19);
  for (let y = 74; y < wrapped.height; y++)
    expect([
      ...wrapped.data.slice(3 * (y * wrapped.width + 28 + 424 + 8), 3 * (y * wrapped.width + 28 + 424 + 9)),
    ]).toEqual([13, 14, 17]);
});
