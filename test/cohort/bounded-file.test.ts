import { execFileSync } from 'node:child_process';
import path from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readBounded, sizeText } from '../../cohort/bounded-file.ts';
import { put, temporaryFolder } from './raw-nifti.ts';

const folder = temporaryFolder();

it('reads a file of at most so many bytes, and refuses any other', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (bytes, most) => {
      const file = put(folder, 'file', bytes);
      if (bytes.length <= most) expect([...readBounded(file, most, 'a table')]).toEqual([...bytes]);
      else
        expect(() => readBounded(file, most, 'a table')).toThrow(/file: is larger than .* a table may take/);
    }),
  );
});

it('reads files whose size is not known beforehand, and stops at the bound', () => {
  const pipe = path.join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const feed = (bytes: number) =>
    execFileSync('sh', ['-c', `head -c ${bytes} /dev/zero > "$0" 2> /dev/null &`, pipe], { stdio: 'ignore' });
  feed(3_000_000);
  expect(readBounded(pipe, 4_000_000, 'a table')).toHaveLength(3_000_000);
  expect(() => readBounded('/dev/zero', 4_000_000, 'a table')).toThrow(/is larger than 3\.81 MiB/);
});

it('leaves other faults to the caller', () => {
  expect(() => readBounded(path.join(folder, 'missing'), 10, 'a table')).toThrow(/ENOENT/);
  expect(() => readBounded(folder, 10 ** 6, 'a table')).toThrow(/EISDIR/);
});

it('names bounds as people read them', () => {
  expect([2 ** 24, 2 ** 18, 2 ** 31 - 1].map(sizeText)).toEqual(['16 MiB', '0.25 MiB', '2 GiB']);
});
