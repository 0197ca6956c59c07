import fc from 'fast-check';
import { expect, it } from 'vitest';
import { InputError } from '../../cohort/error.ts';
import { clipped, listed, mostListed } from '../../cohort/listed.ts';

const item = fc.stringMatching(/^[a-z]{1,5}$/);

it('lists the first items and counts the others', () => {
  fc.assert(
    fc.property(fc.array(item, { maxLength: 40 }), fc.integer({ min: 1, max: 30 }), (items, most) => {
      const text = listed(items, ', ', most);
      const [, shown, more = '0'] = /^(.*?)(?: and (\d+) more)?$/.exec(text)!;
      const names = shown === '' ? [] : shown.split(', ');
      expect(names).toEqual(items.slice(0, most));
      expect(names.length + Number(more)).toBe(items.length);
    }),
  );
});

it('starts each item on a line of its own where the separator does', () => {
  expect(listed(['a', 'b', 'c'], '\n  ', 2)).toBe('\n  a\n  b\n  and 1 more');
  expect(listed(['a'], '\n  ', 2, 9)).toBe('\n  a\n  and 8 more');
});

it('stays short whatever it is given', () => {
  const endless = Array.from({ length: 10_000 }, () => 'x'.repeat(10_000));
  expect(listed(endless).length).toBeLessThan(mostListed * 400);
  expect(clipped('x'.repeat(301))).toBe(`${'x'.repeat(300)}...`);
  expect(clipped('x'.repeat(300))).toBe('x'.repeat(300));
  expect(new InputError('a', 'x'.repeat(10 ** 6), 'b').message.length).toBeLessThan(11_000);
});
