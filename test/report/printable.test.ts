import fc from 'fast-check';
import { expect, it } from 'vitest';
import { onOneLine, printable } from '../../report/printable.ts';

it('shows what would steer a terminal as escapes', () => {
  expect(printable('a\u001b[31mred\u001b[0m')).toBe('a\\u001b[31mred\\u001b[0m');
  expect(printable('over\rwritten\u0008\u007f')).toBe('over\\u000dwritten\\u0008\\u007f');
  expect(printable('\u009b2J')).toBe('\\u009b2J'); // a control sequence of one character
  expect(printable('gpj.\u202etxt\u202c')).toBe('gpj.\\u202etxt\\u202c'); // shown as txt.jpg else
  expect(printable('\u{e0041}')).toBe('\\udb40\\udc41');
});

it('leaves all other text, tabs and newlines as they are', () => {
  const text = 'Gehirn größer\t1\nこんにちは 🧠 שלום';
  expect(printable(text)).toBe(text);
});

it('keeps a name on one line', () => {
  expect(onOneLine('sub-01\n\tCN')).toBe('sub-01\\u000a\\u0009CN');
});

it('keeps JSON the same JSON', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
      const text = JSON.stringify(value, null, 2);
      expect(JSON.parse(printable(text))).toEqual(JSON.parse(text));
    }),
  );
});

it('lets no control character through', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(onOneLine(text)).not.toMatch(/\p{Cc}|[\u202a-\u202e\u2066-\u2069]/u);
    }),
  );
});
