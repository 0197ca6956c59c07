import { decode } from 'fast-png';
import { expect, it } from 'vitest';
import { renderHeatMap, shade } from '../../report/heat-map.ts';

const map = (values: (number | null)[][]) => ({
  title: 'ROI similarity',
  caption: 'cosine',
  rows: values.map((_, i) => `mask-${i}`),
  columns: values[0].map((_, i) => `mask-${i}`),
  values,
});

/** How many pixels have a colour. */
function count(png: Uint8Array, [r, g, b]: readonly number[]): number {
  const { data } = decode(png);
  let found = 0;
  for (let i = 0; i < data.length; i += 3)
    if (data[i] === r && data[i + 1] === g && data[i + 2] === b) found += 1;
  return found;
}

it('shows each value in its shade, and no value in gray', () => {
  const png = renderHeatMap(
    map([
      [1, 0.37],
      [null, 1],
    ]),
  );
  const [one, low, none] = [shade(1), shade(0.37), [228, 226, 222]].map((colour) => count(png, colour));
  expect(low).toBeGreaterThan(5000);
  expect(one).toBeGreaterThan(1.8 * low);
  expect(none).toBeGreaterThan(5000);
  expect(count(png, [255, 255, 255])).toBeGreaterThan(10000); // on white, for print
});

it('darkens with the value, so that gray print keeps the order', () => {
  const light = (value: number) => shade(value).reduce((sum, part) => sum + part, 0);
  for (let value = 0; value < 1; value += 0.125) expect(light(value)).toBeGreaterThan(light(value + 0.125));
  expect(shade(-1)).toEqual(shade(0));
  expect(shade(2)).toEqual(shade(1));
});

it('takes many masks, without numbers, and refuses values that do not fit', () => {
  const many = Array.from({ length: 60 }, (_, i) =>
    Array.from({ length: 60 }, (_, j) => (i === j ? 1 : 0.37)),
  );
  const png = renderHeatMap(map(many));
  expect(decode(png).width).toBeLessThan(1300);
  expect(count(png, shade(0.37))).toBeGreaterThan(60 * 59 * 200); // whole cells, for no number stands in them
  expect(() => renderHeatMap({ ...map([[1]]), rows: ['a', 'b'] })).toThrow(RangeError);
});
