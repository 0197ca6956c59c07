import { Canvas } from './canvas.ts';
import { chart, type Rgb } from './colour.ts';
import { textWidth } from './font.ts';

/** A table of numbers from 0 to 1, shown as shades. */
export interface HeatMap {
  readonly title: string;
  /** what the numbers are, and which way is alike */
  readonly caption: string;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** what rows and columns are, as "network" and "mask" */
  readonly rowsName?: string;
  readonly columnsName?: string;
  /** one list per row; null or NaN where there is no number */
  readonly values: readonly (readonly (number | null)[])[];
}

const margin = 28;
const header = 84;
const mostForNumbers = 24; // rows or columns; with more, the cells are too small to read
const room = 960; // pixels for all columns
const size = 1.75;

const { paper, ink, faint } = chart;
const pale: Rgb = [240, 245, 249];
const deep: Rgb = [8, 56, 110];
const absent: Rgb = [228, 226, 222];

/** The shade of a value in [0, 1], clamped: from pale to deep blue, so that the order shows for every eye and in print. */
export function shade(value: number): Rgb {
  const at = Math.max(0, Math.min(1, value));
  const between = (c: 0 | 1 | 2) => Math.round(pale[c] + at * (deep[c] - pale[c]));
  return [between(0), between(1), between(2)];
}

/**
 * Draws the table: each cell in its shade with its number in it, as long as the cells have room for one (24 rows or columns).
 *
 * @returns a PNG file
 * @throws RangeError when the values do not fit the rows and columns
 */
export function renderHeatMap(map: HeatMap): Uint8Array {
  const { rows, columns, values } = map;
  if (values.length !== rows.length || values.some((row) => row.length !== columns.length))
    throw new RangeError(`values for ${rows.length} rows and ${columns.length} columns are wanted`);
  const most = Math.max(rows.length, columns.length, 1);
  const numbered = most <= mostForNumbers;
  const widest = (names: readonly string[]) => Math.max(0, ...names.map((name) => size * textWidth(name)));
  const cell = numbered
    ? Math.max(44, Math.min(96, Math.floor(room / most)))
    : Math.max(3, Math.floor(room / most));
  const label = (row: number) => `${rows[row]}  ${row + 1}`;
  const left = margin + (numbered ? widest(rows.map((_, row) => label(row))) + 12 : 0);
  // Columns carry their numbers: their names would have to lean over.
  const top = header + (numbered ? 34 : 0);
  const width = Math.max(
    left + columns.length * cell + 150,
    2 * margin + 2.5 * textWidth(map.title),
    2 * margin + size * textWidth(map.caption),
  );
  const canvas = new Canvas(width, top + rows.length * cell + 84, paper);
  canvas.text(map.title, margin, 24, { colour: ink, size: 2.5 });
  if (map.rowsName && map.columnsName)
    canvas.text(`rows: ${map.rowsName}, columns: ${map.columnsName}`, margin, 58, { colour: faint, size });
  rows.forEach((_, row) => {
    const y = top + row * cell;
    if (numbered)
      canvas.text(label(row), left - 12, y + cell / 2, {
        colour: ink,
        size,
        align: 'right',
        middle: true,
      });
    values[row].forEach((value, column) => {
      drawCell(canvas, left + column * cell, y, cell, value, numbered);
    });
  });
  if (numbered) {
    columns.forEach((_, column) => {
      const x = left + (column + 0.5) * cell;
      canvas.text(String(column + 1), x, top - 22, { colour: ink, size, align: 'center' });
    });
  }
  scale(canvas, left + columns.length * cell + 36, top, Math.max(120, Math.min(rows.length * cell, 360)));
  canvas.text(map.caption, margin, canvas.height - 34, { colour: faint, size });
  return canvas.png();
}

function drawCell(
  canvas: Canvas,
  x: number,
  y: number,
  cell: number,
  value: number | null,
  numbered: boolean,
): void {
  const known = value !== null && !Number.isNaN(value);
  const edge = numbered ? 1 : 0;
  canvas.rect(x, y, cell - edge, cell - edge, known ? shade(value) : absent);
  if (!numbered) return;
  const colour = known && value > 0.45 ? paper : ink;
  const text = known ? value.toFixed(2) : 'n/a';
  canvas.text(text, x + cell / 2, y + cell / 2, {
    colour,
    size: cell < 52 ? 1.5 : size,
    align: 'center',
    middle: true,
  });
}

/** The bar of shades, 1 on top. */
function scale(canvas: Canvas, left: number, top: number, height: number): void {
  for (let y = 0; y < height; y++) canvas.rect(left, top + y, 20, 1, shade(1 - y / (height - 1)));
  for (const tick of [0, 0.5, 1]) {
    const y = top + (1 - tick) * (height - 1);
    canvas.rect(left + 20, y - 0.5, 6, 1, faint);
    canvas.text(String(tick), left + 32, y, { colour: ink, size, middle: true });
  }
}
