import { linearTicks, logTicks, tickLabel } from '../ticks.ts';
import { type Html, html } from './html.ts';

export interface Line {
  readonly name: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
}

export interface LineChart {
  readonly title: string;
  readonly xName: string;
  readonly lines: readonly Line[];
  /** a dashed upright line, as at the kept epoch */
  readonly mark?: { readonly x: number; readonly name: string } | null;
  readonly log?: boolean;
}

const width = 460;
const height = 260;
const frame = { left: 44, right: width - 10, top: 12, bottom: height - 38 };
/** Dashes tell the lines apart where colours do not. */
const dashes = ['', '7 3', '2 3', '9 3 2 3', '4 2', '1 2'];

/** Lines over epochs, as SVG that takes its colours from the page. */
export function lineChart({ title, xName, lines, mark, log = false }: LineChart): Html {
  const usable = (value: number) => Number.isFinite(value) && (!log || value > 0);
  const xs = lines.flatMap(({ x }) => x);
  const ys = lines.flatMap(({ y }) => y.filter(usable));
  const [xLow, xHigh] = span(xs);
  const [low, high] = span(ys);
  const [yLow, yHigh] = log ? [low, high] : [Math.min(0, low), high];
  const at = (value: number) => (log ? Math.log10(value) : value);
  const toX = (value: number) => scaled(value, xLow, xHigh, frame.left + 6, frame.right - 6);
  const toY = (value: number) => scaled(at(value), at(yLow), at(yHigh), frame.bottom, frame.top);
  const points = ({ x, y }: Line) =>
    x.flatMap((value, i) => (usable(y[i]) ? [`${toX(value).toFixed(1)},${toY(y[i]).toFixed(1)}`] : []));
  const yTicks = log ? logTicks(yLow, yHigh) : linearTicks(yLow, yHigh, 5);
  const told = lines.map(
    ({ name, y }) => `${name} ends at ${tickLabel(Number(y[y.length - 1]?.toPrecision(3)))}`,
  );
  return html`<figure class="chart"><figcaption class="above">${title}</figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${`${title}: ${told.join(', ')}`}">
${yTicks.map((tick) => html`<line class="grid" x1="${frame.left}" x2="${frame.right}" y1="${toY(tick).toFixed(1)}" y2="${toY(tick).toFixed(1)}"/><text class="tick" text-anchor="end" x="${frame.left - 6}" y="${(toY(tick) + 4).toFixed(1)}">${tickLabel(tick)}</text>`)}
${linearTicks(xLow, xHigh, 6)
  .filter(Number.isInteger)
  .map(
    (tick) =>
      html`<text class="tick" text-anchor="middle" x="${toX(tick).toFixed(1)}" y="${frame.bottom + 16}">${tickLabel(tick)}</text>`,
  )}
<line class="axis" x1="${frame.left}" x2="${frame.right}" y1="${frame.bottom}" y2="${frame.bottom}"/>
<text class="tick" text-anchor="middle" x="${(frame.left + frame.right) / 2}" y="${height - 4}">${xName}</text>
${mark && html`<line class="mark" x1="${toX(mark.x).toFixed(1)}" x2="${toX(mark.x).toFixed(1)}" y1="${frame.top}" y2="${frame.bottom}"/>`}
${lines.map((line, i) => (points(line).length === 1 ? html`<circle class="dot s${i}" r="4" cx="${points(line)[0].split(',')[0]}" cy="${points(line)[0].split(',')[1]}"/>` : html`<polyline class="line s${i}" stroke-dasharray="${dashes[i % dashes.length]}" points="${points(line).join(' ')}"/>`))}
</svg>
<div class="legend">${lines.map(({ name }, i) => html`<span><svg viewBox="0 0 26 8" aria-hidden="true"><line class="line s${i}" stroke-dasharray="${dashes[i % dashes.length]}" x1="0" x2="26" y1="4" y2="4"/></svg>${name}</span>`)}${mark && html`<span><svg viewBox="0 0 26 8" aria-hidden="true"><line class="mark" x1="0" x2="26" y1="4" y2="4"/></svg>${mark.name}</span>`}</div></figure>`;
}

function scaled(value: number, low: number, high: number, from: number, to: number): number {
  return high > low ? from + ((value - low) / (high - low)) * (to - from) : (from + to) / 2;
}

function span(values: readonly number[]): [number, number] {
  if (values.length === 0) return [0, 1];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low === high ? [low, low + (Math.abs(low) || 1)] : [low, high];
}
