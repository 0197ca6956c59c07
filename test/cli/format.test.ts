import { expect, it } from 'vitest';
import { formatBytes } from '../../cli/bytes.ts';
import { formatDuration } from '../../cli/duration.ts';

it('writes durations in the two largest units', () => {
  const cases: [number, string][] = [
    [0, '0.0 s'],
    [0.42, '0.4 s'],
    [9.97, '10 s'],
    [59.4, '59 s'],
    [59.6, '1 min'],
    [80, '1 min 20 s'],
    [3599.7, '1 h'],
    [11_100, '3 h 5 min'],
    [86_399, '1 d'],
    [187_200, '2 d 4 h'],
    [Number.POSITIVE_INFINITY, 'unknown'],
  ];
  for (const [seconds, text] of cases) expect(formatDuration(seconds)).toBe(text);
});

it('writes bytes in powers of 1024', () => {
  const cases: [number, string][] = [
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [1024 * 1024 - 1, '1.0 MiB'],
    [67_947_120, '65 MiB'],
    [1.4 * 2 ** 30, '1.4 GiB'],
    [2 ** 52, '4096 TiB'],
  ];
  for (const [bytes, text] of cases) expect(formatBytes(bytes)).toBe(text);
});
