import { expect, it } from 'vitest';
import { selectLines } from '../../engine/conditional.ts';

const code = ['a', '//#if FAST', 'b', '//#else', 'c', '//#end', 'd'].join('\n');

it('keeps the first part where the constant is set and the second where it is not, on their lines', () => {
  expect(selectLines('k', code, { FAST: 1 }).split('\n')).toEqual(['a', '', 'b', '', '', '', 'd']);
  expect(selectLines('k', code, { FAST: 0 }).split('\n')).toEqual(['a', '', '', '', 'c', '', 'd']);
  const negated = code.replace('FAST', '!FAST');
  expect(selectLines('k', negated, { FAST: 0 }).split('\n')).toEqual(['a', '', 'b', '', '', '', 'd']);
});

it.each([
  ['//#if SLOW\n//#end', 'names no constant of the kernel'],
  ['//#if FAST\n//#if FAST\n//#end', 'is nested'],
  ['//#end', 'stands without its //#if'],
  ['//#else', 'stands without its //#if'],
  ['//#if FAST\na', 'an //#if has no //#end'],
])('refuses %j', (text, fault) => {
  expect(() => selectLines('k', text, { FAST: 1 })).toThrow(`Kernel k: `);
  expect(() => selectLines('k', text, { FAST: 1 })).toThrow(fault);
});
