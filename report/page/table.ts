import type { TextCell } from '../text-table.ts';
import type { Matrix, NumberTable } from './data.ts';
import { type Html, html, raw } from './html.ts';
import { shadeOf } from './shade.ts';

/** A table that scrolls by itself where the screen is narrow. @param digits of numbers that are not whole */
export function table(
  { columns, rows }: Pick<NumberTable, 'columns' | 'rows'>,
  caption: string,
  digits = 2,
): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table>
<caption><span>${caption}</span></caption>
<thead><tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${rows.map(
    (
      row,
    ) => html`<tr>${row.map((cell, i) => (i === 0 ? html`<th scope="row">${show(cell, digits)}</th>` : html`<td${typeof cell === 'number' && raw(' class="n"')}>${show(cell, digits)}</td>`))}</tr>
`,
  )}</tbody></table></div>`;
}

/** How a cell is shown: numbers to so many decimals, small ones by their power of ten. */
export function show(cell: TextCell, digits = 2): string {
  if (cell === null || cell === undefined || Number.isNaN(cell)) return 'n/a';
  if (typeof cell === 'string' || Number.isInteger(cell)) return String(cell);
  return Math.abs(cell) >= 10 ** -digits / 2 ? cell.toFixed(digits) : cell.toExponential(0);
}

/** A matrix as a heat map whose cells hold their numbers; large ones show shades alone, with numbers on pointing. */
export function heatTable({ title, caption, corner, rows, columns, values }: Matrix): Html {
  const numbered = columns.length <= 24;
  const cell = (value: number | null, row: string, column: string) => {
    const text = value === null ? 'n/a' : value.toFixed(2);
    const { background, ink } = shadeOf(value);
    return html`<td class="heat" style="background:${background};color:${ink}" title="${row} / ${column}: ${text}">${numbered ? text : ''}</td>`;
  };
  return html`<figure><div class="scroll" tabindex="0" role="region" aria-label="${title}"><table class="heatmap${numbered ? '' : ' dense'}">
<caption><span>${title}</span></caption>
<thead><tr><th scope="col">${corner}</th>${columns.map((name, i) => html`<th scope="col" title="${name}">${numbered ? name : i + 1}</th>`)}</tr></thead>
<tbody>${rows.map(
    (
      name,
      i,
    ) => html`<tr><th scope="row">${numbered ? name : `${i + 1} ${name}`}</th>${values[i].map((value, j) => cell(value, name, columns[j]))}</tr>
`,
  )}</tbody></table></div><figcaption>${caption}</figcaption></figure>`;
}
