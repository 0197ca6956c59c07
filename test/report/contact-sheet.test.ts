import { decode } from 'fast-png';
import { expect, it } from 'vitest';
import { renderContactSheet, type Thumbnail } from '../../report/contact-sheet.ts';

const grid = { shape: [6, 7, 5] as const, affine: [-3, 0, 0, 9, 0, 3, 0, -9, 0, 0, 3, -6, 0, 0, 0, 1] };

/** Bright in the half of the voxels whose x is high: the subject's left. */
const left = Float32Array.from({ length: 6 * 7 * 5 }, (_, i) => (Math.floor(i / 35) >= 3 ? 1 : 0));
const thumbnail = (
  verdict: Thumbnail['verdict'],
  image: Thumbnail['image'] = { grid, data: left },
): Thumbnail => ({
  verdict,
  image,
  caption: ['sub-1 ses-M000 AD', 'max 1.000', 'x'.repeat(200)],
});

it('has a row for every five images, and only one when there is none', () => {
  const height = (count: number) =>
    decode(renderContactSheet('t', count, Array(count).fill(thumbnail('flagged')))).height;
  expect(height(0)).toBe(height(5));
  expect(height(6) - height(5)).toBe(height(11) - height(6));
  expect(height(6)).toBeGreaterThan(height(5));
});

it("shows the subject's left on the left, and keeps each image within its own frame", () => {
  const draw = (...all: Thumbnail[]) => decode(renderContactSheet('t', all.length, all));
  const [with1, without] = [draw(thumbnail('rejected')), draw(thumbnail('rejected', null))];
  const { width, height } = with1;
  let [brightLeft, brightRight, outside] = [0, 0, 0];
  for (let y = 110; y < 245; y++)
    for (let x = 0; x < width; x++) {
      const at = 3 * (y * width + x);
      if (with1.data[at] === without.data[at]) continue;
      if (x < 28 || x >= 28 + 312) outside++;
      // The coronal slice fills the left half of the frame, about its middle.
      else if (x < 28 + 80) brightLeft += with1.data[at];
      else if (x < 28 + 152) brightRight += with1.data[at];
    }
  expect(outside).toBe(0);
  expect(brightLeft).toBeGreaterThan(5 * brightRight);
  expect(height).toBe(without.height);
});

it('tells verdicts apart by their frames, and cuts long captions', () => {
  const at = (picture: { data: ArrayLike<number>; width: number }, x: number, y: number) =>
    [0, 1, 2].map((c) => picture.data[3 * (y * picture.width + x) + c]);
  const frames = (['rejected', 'flagged', 'accepted'] as const).map((verdict) =>
    at(decode(renderContactSheet('t', 1, [thumbnail(verdict)])), 28, 200),
  );
  expect(new Set(frames.map(String)).size).toBe(3);
  const picture = decode(renderContactSheet('t', 1, [thumbnail('flagged')]));
  for (let y = 240; y < 320; y++) expect(at(picture, 28 + 312 + 8, y)).toEqual([13, 14, 17]);
});
