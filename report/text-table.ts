import { onOneLine } from './printable.ts';

/** A column's heading, and to how many decimals its numbers are shown (as they are when not given). */
export interface TextColumn {
  readonly title: string;
  readonly digits?: number;
}

/** A number, a text, or nothing known (shown as n/a, as in the field's tables). */
export type TextCell = string | number | null | undefined;

/**
 * An aligned table for the terminal: a heading, a rule, one line per row, two spaces between columns. Columns that
 * hold only numbers stand to the right.
 *
 * @param rows one cell per column; missing ones at a row's end count as nothing known
 * @returns the lines, without a newline at the end
 */
export function textTable(
  columns: readonly (string | TextColumn)[],
  rows: readonly (readonly TextCell[])[],
): string {
  const cut = columns.map((column, i) => {
    const { title, digits } = typeof column === 'string' ? { title: column } : column;
    const cells = rows.map((row) => row[i]);
    const known = cells.filter((cell) => cell !== null && cell !== undefined);
    const right = known.length > 0 && known.every((cell) => typeof cell === 'number');
    const texts = [onOneLine(title), '', ...cells.map((cell) => show(cell, digits))];
    const width = Math.max(...texts.map((text) => text.length));
    texts[1] = '-'.repeat(width);
    return texts.map((text) => (right ? text.padStart(width) : text.padEnd(width)));
  });
  const line = (_: unknown, row: number) => cut.map((column) => column[row]).join('  ');
  return Array.from({ length: rows.length + 2 }, line)
    .map((text) => text.trimEnd())
    .join('\n');
}

function show(cell: TextCell, digits: number | undefined): string {
  if (cell === null || cell === undefined || Number.isNaN(cell)) return 'n/a';
  return typeof cell === 'number' && digits !== undefined ? cell.toFixed(digits) : onOneLine(String(cell));
}
