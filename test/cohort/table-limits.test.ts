import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTable, requireColumns } from '../../cohort/table.ts';
import { put, temporaryFolder } from './raw-nifti.ts';

const folder = temporaryFolder();
const write = (content: string) => put(folder, 'table.tsv', content);
const limits = { tableBytes: 400, lineBytes: 20, columns: 4 };

describe('the limits of a table', () => {
  it('are met by lines of exactly the greatest length, however they end, and by none that is longer', () => {
    const cell = fc.integer({ min: 1, max: 24 });
    fc.assert(
      fc.property(fc.array(cell, { maxLength: 12 }), fc.constantFrom('\n', '\r\n', '\r'), (lengths, end) => {
        const lines = ['a', ...lengths.map((length) => 'x'.repeat(length))];
        const path = write(lines.map((line) => line + end).join(''));
        const long = lines.findIndex((line) => line.length > limits.lineBytes);
        if (long < 0) expect(readTable(path, limits).rows).toHaveLength(lengths.length);
        else expect(() => readTable(path, limits)).toThrow(`line ${long + 1}: is longer than`);
      }),
    );
  });

  it('hold for its last line, which nothing ends', () => {
    expect(readTable(write(`a\n${'x'.repeat(20)}`), limits).rows).toHaveLength(1);
    expect(() => readTable(write(`a\n${'x'.repeat(21)}`), limits)).toThrow(/table\.tsv, line 2: is longer/);
  });

  it('hold for its size and its columns', () => {
    expect(() => readTable(write('a\n'.repeat(201)), limits)).toThrow(
      /is larger than .*, the most that a table/,
    );
    expect(readTable(write('a\tb\tc\td\n'), limits).columns).toHaveLength(4);
    expect(() => readTable(write('a\tb\tc\td\te\n'), limits)).toThrow(/line 1: names 5 columns/);
  });

  it('let a wide table through, and messages about it stay short', () => {
    const names = Array.from({ length: 40_000 }, (_, i) => `roi-${i}`);
    const table = readTable(write(`${names.join('\t')}\n${names.map(() => '1').join('\t')}\n`));
    expect(table.rows[0]['roi-39999']).toBe('1');
    expect(() => requireColumns(table, ['path'])).toThrow(/roi-29 and 39970 more\.$/);
    const repeated = `${names.join('\t')}\troi-7\n`;
    expect(() => readTable(write(repeated))).toThrow(/names the column roi-7 twice/);
  });
});
