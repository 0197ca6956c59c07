import { fstatSync } from 'node:fs';
import koffi from 'koffi';
import { expect, it } from 'vitest';
import { nativeLines, withoutNativeOutput } from '../../../engine/node/native-output.ts';

const library = koffi.load(null);
const write = library.func('long write(int, const char *, size_t)');

/** What native code does: it writes to a descriptor, which no hook of JavaScript sees. */
function printNatively(stream: number, text: string): void {
  write(stream, text, text.length);
}

it.skipIf(process.platform === 'win32')('keeps what native code prints, and gives the streams back', () => {
  const places = () => [1, 2].map((stream) => fstatSync(stream).ino);
  const before = places();
  const inside = withoutNativeOutput(() => {
    printNatively(2, 'Warning: artificially reduced\n\n');
    printNatively(1, 'to standard output\n');
    return places();
  });
  expect(nativeLines()).toEqual(['Warning: artificially reduced', 'to standard output']);
  expect(inside[0]).toBe(inside[1]);
  expect(inside[0]).not.toBe(before[0]);
  expect(places()).toEqual(before);
});

it.skipIf(process.platform === 'win32')('gives the streams back after a failure', () => {
  const before = fstatSync(2).ino;
  expect(() =>
    withoutNativeOutput(() => {
      printNatively(2, 'vkCreateInstance failed\n');
      throw new Error('no driver');
    }),
  ).toThrow('no driver');
  expect(nativeLines().at(-1)).toBe('vkCreateInstance failed');
  expect(fstatSync(2).ino).toBe(before);
});
