import { parse } from 'csv-parse/sync';
import { sizeText } from './bounded-file.ts';
import { bounds } from './bounds.ts';
import { InputError } from './error.ts';
import { clipped, listed } from './listed.ts';
import { inputText, readInput } from './read-file.ts';

export type TableLimits = Readonly<Record<'tableBytes' | 'lineBytes' | 'columns', number>>;

/** A tab-separated file, as text. */
export interface Table {
  readonly path: string;
  readonly columns: string[];
  /** Cells by column name, without surrounding spaces; row i is line i + 2 of the file. */
  readonly rows: Record<string, string>[];
}

/**
 * Reads a tab-separated table whose first line names its columns: UTF-8 with or without a byte order mark, or UTF-16 with
 * one; lines ending in LF, CRLF or CR. A cell in quotes is taken without them, as R and spreadsheets write it; another
 * quote is a character like any other. Empty lines at the end, and columns at the right end without name and values, are
 * left out. The columns participant_id, session_id, diagnosis, path and set are known in any letter case.
 *
 * @param limits bytes of the file and of a line, and columns, at most
 * @throws InputError when the file is missing, too large, not text, has no header, names a column twice, or has a line with
 *   more or fewer cells than the header
 */
export function readTable(path: string, limits: TableLimits = bounds): Table {
  const lines: string[][] = parse(readText(path, limits), {
    delimiter: '\t',
    quote: null,
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
  });
  const cells = lines.map((line) => line.map((cell) => unquoted(cell.trim())));
  while (cells.at(-1)?.every((cell) => cell === '')) cells.pop();
  const [header, ...records] = withoutEmptyColumns(cells);
  if (!header)
    throw new InputError(path, 'is an empty table', 'Give a tab-separated table with a header line');
  const [title, ...others] = header;
  const second = records[0]?.filter((cell) => cell !== '').length ?? 0;
  if (title !== '' && others.every((name) => name === '') && second > 1) {
    throw new InputError(
      `${path}, line 1`,
      `has one cell, "${clipped(title)}", where line 2 has ${second}`,
      'Begin the table with the line that names its columns',
    );
  }
  const columns = header.map(plainIdentifier);
  refuseBadHeader(path, columns, limits);
  const rows = records.map((record, i) => {
    if (record.length === columns.length)
      return Object.fromEntries(columns.map((name, c) => [name, record[c]]));
    throw new InputError(
      `${path}, line ${i + 2}`,
      `has ${record.length} ${record.length === 1 ? 'cell' : 'cells'} where the header has ${columns.length}`,
      'Give every line one cell per column, separated by single tabs (n/a where there is no value)',
    );
  });
  return { path, columns, rows };
}

/** Without columns at the right end that have neither a name nor a value: spreadsheets end lines with tabs. */
function withoutEmptyColumns(cells: readonly string[][]): readonly string[][] {
  const [header = []] = cells;
  const named = header.findLastIndex((name) => name !== '') + 1;
  const width = Math.max(named, 1);
  if (width === header.length || cells.some((line) => line.slice(width).some((cell) => cell !== '')))
    return cells;
  return cells.map((line) => line.slice(0, width));
}

const identifiers = new Set(['participant_id', 'session_id', 'diagnosis', 'path', 'set']);

/** An identifier's column by its own name, however its letters are written. */
function plainIdentifier(name: string): string {
  const plain = name.toLowerCase();
  return identifiers.has(plain) ? plain : name;
}

/**
 * Requires columns of a table.
 *
 * @throws InputError naming those that are missing
 */
export function requireColumns(table: Table, names: readonly string[]): void {
  const missing = names.filter((name) => !table.columns.includes(name));
  if (missing.length === 0) return;
  throw new InputError(
    table.path,
    `lacks the ${missing.length === 1 ? 'column' : 'columns'} ${missing.join(', ')}`,
    wrongSeparator(table) ??
      `Add ${missing.length === 1 ? 'it' : 'them'}; the columns there are: ${listed(table.columns, ', ', 30)}`,
  );
}

/** What to do about a table whose cells something else than tabs separates; null where nothing points to that. */
export function wrongSeparator({ columns }: Table): string | null {
  const separator = columns.length === 1 ? /[,;]| {2,}/.exec(columns[0])?.[0] : undefined;
  if (separator === undefined) return null;
  return `Separate its cells by tabs, not by ${separator.trim() === '' ? 'spaces' : `"${separator}"`}`;
}

/** What BIDS, R, pandas, SQL, spreadsheets, SPSS and SAS write where there is no value. */
const missing = new Set(['', 'n/a', 'na', '<na>', '#n/a', 'nan', 'null', '-', '--', '\u2013', '.']);

/** True for a cell that holds no value: empty, or one of the usual marks for that, letter case aside. */
export function isMissing(cell: string | undefined): boolean {
  return cell === undefined || missing.has(cell.toLowerCase());
}

/**
 * A tab-separated table as text, ending in a newline; null, undefined, NaN and the empty string become `n/a` (BIDS).
 *
 * @throws InputError when a value holds a tab or a line break, which such a table cannot express
 */
export function formatTable(
  columns: readonly string[],
  rows: readonly Record<string, string | number | boolean | null | undefined>[],
): string {
  const cell = (column: string, value: string | number | boolean | null | undefined) => {
    const text = value === null || value === undefined || Number.isNaN(value) ? '' : String(value);
    if (quoted.test(text)) return `"${text.replaceAll('"', '""')}"`; // else they would be lost in reading
    if (!/[\t\r\n]/.test(text)) return text === '' ? 'n/a' : text;
    throw new InputError(
      `column ${column}`,
      `a value holds a tab or a line break: ${JSON.stringify(text)}`,
      'Rename it',
    );
  };
  const lines = rows.map((row) => columns.map((column) => cell(column, row[column])));
  return [columns, ...lines].map((line) => `${line.join('\t')}\n`).join('');
}

const quoted = /^"[^\t\r\n]*"$/;

function unquoted(cell: string): string {
  return quoted.test(cell) ? cell.slice(1, -1).replaceAll('""', '"').trim() : cell;
}

function readText(path: string, limits: TableLimits): string {
  const bytes = readInput(path, { most: limits.tableBytes, kind: 'a table' }, { pipes: true });
  const text = fromUtf16(bytes);
  refuseLongLine(path, text, limits);
  if (bytes.toString('latin1', 0, 4) === 'PK\x03\x04') {
    throw new InputError(
      path,
      'is an Excel or OpenDocument file, or another archive',
      'Save it as tab-separated text in UTF-8',
    );
  }
  return inputText(path, text, 'Save it as tab-separated text in UTF-8');
}

/** The text in UTF-8 where a byte order mark says that it is UTF-16, as Excel writes "Unicode Text"; else as it is. */
function fromUtf16(bytes: Buffer): Buffer {
  const mark = bytes.toString('latin1', 0, 2);
  if (mark !== '\xff\xfe' && mark !== '\xfe\xff') return bytes;
  const encoding = mark === '\xff\xfe' ? 'utf-16le' : 'utf-16be';
  return Buffer.from(new TextDecoder(encoding).decode(bytes));
}

/** Looked for in the bytes: decoding and splitting such a line would take many times its size. */
function refuseLongLine(path: string, bytes: Buffer, { lineBytes }: TableLimits): void {
  const nextOf = (code: number) => {
    let found = -1;
    return (from: number) => {
      if (found < from) found = bytes.indexOf(code, from);
      if (found < 0) found = bytes.length; // looked for once, not again for every line
      return found;
    };
  };
  const [feed, carriageReturn] = [nextOf(10), nextOf(13)];
  for (let line = 1, start = 0; start < bytes.length; line++) {
    const end = Math.min(feed(start), carriageReturn(start));
    if (end - start > lineBytes) {
      throw new InputError(
        `${path}, line ${line}`,
        `is longer than ${sizeText(lineBytes)}`,
        'Check that this is a tab-separated table with a line per row',
      );
    }
    start = end + (bytes[end] === 13 && bytes[end + 1] === 10 ? 2 : 1);
  }
}

function refuseBadHeader(path: string, columns: readonly string[], limits: TableLimits): void {
  const where = `${path}, line 1`;
  if (columns.length > limits.columns) {
    throw new InputError(
      where,
      `names ${columns.length} columns, and a table may have ${limits.columns}`,
      'Keep the columns that docs/formats.md lists',
    );
  }
  const unnamed = columns.indexOf('');
  if (unnamed >= 0) throw new InputError(where, `column ${unnamed + 1} has no name`, 'Name every column');
  const seen = new Set<string>();
  for (const name of columns) {
    if (seen.has(name)) {
      throw new InputError(
        where,
        `names the column ${clipped(name)} twice`,
        'Give every column its own name',
      );
    }
    seen.add(name);
  }
}
