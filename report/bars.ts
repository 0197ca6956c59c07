import { Canvas } from './canvas.ts';
import { chart, seriesColours } from './colour.ts';
import { textWidth } from './font.ts';
import { linearTicks, tickLabel } from './ticks.ts';

/** One bar: a region of interest and how much of it is occluded. */
export interface Bar {
  readonly name: string;
  /** Density or another number from 0 up; a bar without a number (NaN) is left out. */
  readonly value: number;
  /** In a simulated cohort: whether the atrophy was planted here. */
  readonly planted?: boolean;
}

export interface BarsOptions {
  readonly title?: string;
  /** What the values are, "mean of 1 - m" when not given. */
  readonly valueName?: string;
  /** How many bars are shown, the largest first; 10 when not given. */
  readonly top?: number;
  /** The values are whole numbers, as counts. */
  readonly whole?: boolean;
}

const width = 1200;
const margin = 28;
const pitch = 38;
const thickness = 24;
const header = 82;
const footer = 84;

const { paper, ink, faint, grid } = chart;
const plain = seriesColours[0];
const marked = seriesColours[1];

/**
 * Draws the regions of highest value as horizontal bars, largest on top. Planted regions, where the truth is known,
 * differ in colour and carry an asterisk; those that did not reach the top are named below.
 *
 * @returns a PNG file, 1200 pixels wide
 */
export function renderBars(bars: readonly Bar[], options: BarsOptions = {}): Uint8Array {
  const { title = 'Regions', valueName = 'mean of 1 - m', top = 10, whole = false } = options;
  const ranked = bars.filter((bar) => !Number.isNaN(bar.value)).sort((a, b) => b.value - a.value);
  const shown = ranked.slice(0, top);
  const missed = ranked.slice(top).filter((bar) => bar.planted);
  const label = (bar: Bar) => (bar.planted ? `${bar.name} *` : bar.name);

  const left = margin + 12 + Math.max(...[0, ...shown.map((bar) => 2 * textWidth(label(bar)))]);
  const right = width - margin - 80;
  const bottom = header + pitch * shown.length;
  const most = Math.max(0, ...shown.map((bar) => bar.value)) || 1;
  const x = (value: number) => left + (value / most) * (right - left);

  const canvas = new Canvas(width, bottom + footer, paper);
  canvas.text(title, margin, margin, { colour: ink, size: 2.5 });
  for (const tick of linearTicks(0, most).filter((tick) => !whole || Number.isInteger(tick))) {
    canvas.rect(x(tick), header - 6, 1, bottom - header + 6, grid);
    canvas.text(tickLabel(tick), x(tick), bottom + 10, { colour: faint, size: 1.75, align: 'center' });
  }
  shown.forEach((bar, i) => {
    const middle = header + (i + 0.5) * pitch;
    canvas.text(label(bar), left - 12, middle, { colour: ink, align: 'right', middle: true });
    canvas.rect(left, middle - thickness / 2, x(bar.value) - left, thickness, bar.planted ? marked : plain);
    canvas.text(whole ? String(bar.value) : decimal(bar.value), x(bar.value) + 10, middle, {
      colour: ink,
      size: 1.75,
      middle: true,
    });
  });
  canvas.rect(left, header - 6, 1, bottom - header + 6, faint);
  canvas.text(valueName, (left + right) / 2, bottom + 34, { colour: ink, size: 1.75, align: 'center' });
  if (bars.some((bar) => bar.planted)) legend(canvas, missed, bars.length);
  return canvas.png();
}

function decimal(value: number): string {
  return value >= 0.001 || value === 0 ? value.toFixed(3) : value.toExponential(1);
}

function legend(canvas: Canvas, missed: readonly Bar[], of: number): void {
  const names = missed.map((bar) => bar.name).join(', ');
  const rest = missed.length > 0 ? `; planted but not among these: ${names}` : '';
  const y = canvas.height - 26;
  canvas.rect(margin, y, 14, 14, marked);
  canvas.text(`* planted${rest}`, margin + 24, y, { colour: ink, size: 1.75 });
  canvas.text(`of ${of} regions`, width - margin, y, { colour: faint, size: 1.75, align: 'right' });
}
