import { mkdirSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatTable, readTable, requireColumns } from '../../cohort/table.ts';
import { put, temporaryFolder } from './raw-nifti.ts';

const folder = temporaryFolder();
const write = (content: string | Uint8Array) => put(folder, 'table.tsv', content);

describe('readTable', () => {
  it('reads cells by column, with or without a byte order mark, LF or CRLF, and empty lines at the end', () => {
    const rows = [
      { a: '1', b: 'x y' },
      { a: '"', b: '' },
    ];
    for (const text of [
      'a\tb\n1\tx y\n"\t\n',
      'a\tb\r\n1\tx y\r\n"\t',
      '\uFEFFa\t b\n1 \tx y\n"\t\n\n\r\n',
      'a\tb\r1\tx y\r"\t\r',
    ]) {
      expect(readTable(write(text))).toEqual({ path: write(text), columns: ['a', 'b'], rows });
    }
    expect(readTable(write('a\tb\n')).rows).toEqual([]);
  });

  it('takes cells in quotes without them', () => {
    const text = '"a"\t"b"\n"1"\t"5"" disk"\n5" disk\t"open\n"n/a"\t""\n';
    expect(readTable(write(text)).rows).toEqual([
      { a: '1', b: '5" disk' },
      { a: '5" disk', b: '"open' },
      { a: 'n/a', b: '' },
    ]);
  });

  it('reads UTF-16 by its byte order mark, as Excel writes Unicode text', () => {
    const little = Buffer.from('\uFEFFa\tb\r\nJos\u00e9\t1\r\n', 'utf16le');
    for (const bytes of [little, Buffer.from(little).swap16()])
      expect(readTable(write(bytes)).rows).toEqual([{ a: 'Jos\u00e9', b: '1' }]);
  });

  it('leaves out columns at the right end without name and values, but no value', () => {
    expect(readTable(write('a\tb\t\t\n1\t2\t\t\n'))).toMatchObject({
      columns: ['a', 'b'],
      rows: [{ a: '1', b: '2' }],
    });
    expect(() => readTable(write('a\tb\t\n1\t2\t3\n'))).toThrow(/column 3 has no name/);
    expect(() => readTable(write('a\tb\t\n1\n'))).toThrow(/line 2: has 1 cell where the header has 2/);
  });

  it('says which line is ragged', () => {
    expect(() => readTable(write('a\tb\n1\t2\n3\n'))).toThrow(
      /table\.tsv, line 3: has 1 cell where the header has 2/,
    );
    expect(() => readTable(write('a\tb\n1\t2\t3\n'))).toThrow(/line 2: has 3 cells/);
    expect(() => readTable(write('a\tb\n\n1\t2\n'))).toThrow(/line 2: has 1 cell /);
  });

  it('says what is wrong with a header, or with a file', () => {
    expect(() => readTable(write('a\tb\ta\n'))).toThrow(/names the column a twice/);
    expect(() => readTable(write('a\t\tb\n'))).toThrow(/column 2 has no name/);
    for (const line of ['# all sites', 'sep=\t', 'sep=;'])
      expect(() => readTable(write(`${line}\na\tb\n1\t2\n`))).toThrow(
        /line 1: has one cell, ".*", where line 2 has 2\. Begin the table with/,
      );
    expect(() => readTable(write('PK\x03\x04a\tb\n'))).toThrow(/is an Excel or OpenDocument file/);
    expect(() => readTable(write(''))).toThrow(/is an empty table/);
    expect(() => readTable(write('\n\n'))).toThrow(/is an empty table/);
    expect(() => readTable(write(Buffer.from('a\tb\n', 'utf16le')))).toThrow(/not text in UTF-8/);
    expect(() => readTable(write(Buffer.from('n\xe9\n', 'latin1')))).toThrow(/not text in UTF-8/);
    expect(() => readTable(path.join(folder, 'none.tsv'))).toThrow(/none\.tsv: does not exist/);
    mkdirSync(path.join(folder, 'a-folder'));
    expect(() => readTable(path.join(folder, 'a-folder'))).toThrow(/is a folder/);
  });

  it('names the columns that are missing, and a wrong separator', () => {
    const table = readTable(write('a\tb\n'));
    expect(() => requireColumns(table, ['a', 'b'])).not.toThrow();
    expect(() => requireColumns(table, ['a', 'c', 'd'])).toThrow(
      /lacks the columns c, d\. .*there are: a, b/,
    );
    expect(() => requireColumns(readTable(write('a,b\n1,2\n')), ['a', 'b'])).toThrow(/by tabs, not by ","/);
    expect(() => requireColumns(readTable(write('a    b\n')), ['a'])).toThrow(/by tabs, not by spaces/);
  });
});

describe('formatTable', () => {
  it('writes n/a where there is no value', () => {
    const row = { a: null, b: undefined, c: Number.NaN, d: '', e: 0 };
    expect(formatTable(['a', 'b', 'c', 'd', 'e', 'f'], [row])).toBe(
      'a\tb\tc\td\te\tf\nn/a\tn/a\tn/a\tn/a\t0\tn/a\n',
    );
  });

  it('refuses a value that would break the table', () => {
    expect(() => formatTable(['name'], [{ name: 'two\tcells' }])).toThrow(/column name: .*two\\tcells/);
  });

  it('is read back as it was', () => {
    const cell = fc
      .string({ unit: 'grapheme', minLength: 1 })
      .map((text) => text.replace(/[\s\0\uFEFF]/g, '') || 'x');
    const inQuotes = cell.map((text) => `"${text}"`);
    const rows = fc.array(fc.record({ one: cell, two: fc.oneof(cell, inQuotes) }), { maxLength: 5 });
    fc.assert(
      fc.property(rows, (written) => {
        expect(readTable(write(formatTable(['one', 'two'], written))).rows).toEqual(written);
      }),
    );
  });
});
