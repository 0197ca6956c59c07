import { Canvas, type Segment } from './canvas.ts';
import { chart, type Rgb, seriesColours } from './colour.ts';
import { textWidth } from './font.ts';
import { linearTicks, logTicks, tickLabel } from './ticks.ts';

/** One line. A value without a number (NaN, infinite, or not positive on a logarithmic axis) leaves a gap. */
export interface Series {
  readonly name: string;
  readonly y: readonly number[];
  /** Epoch or step of each value; 1, 2, 3 ... when not given. */
  readonly x?: readonly number[];
}

export interface CurvesOptions {
  readonly title?: string;
  readonly xName?: string;
  readonly yName?: string;
  /** A logarithmic y axis. */
  readonly logY?: boolean;
  /** Names in a row above the curves, or one under the other beside them, for many. */
  readonly legend?: 'above' | 'right';
  /** A dashed upright line, as where the kept model or mask stands. */
  readonly mark?: { readonly x: number; readonly name: string };
}

const width = 1200;
const height = 640;
const frame = { left: 118, top: 96, right: width - 36, bottom: height - 78 };

const { paper, ink, faint, grid } = chart;

type Scale = (value: number) => number;

/**
 * Draws one or several curves over the epochs (or steps) of a training or of a mask's optimisation.
 *
 * @returns a PNG file, 1200 x 640 pixels
 */
export function renderCurves(series: readonly Series[], options: CurvesOptions = {}): Uint8Array {
  const {
    title = 'Loss',
    xName = 'epoch',
    yName = 'loss',
    logY = false,
    mark,
    legend: place = 'above',
  } = options;
  const named = 1.75 * Math.max(0, ...series.map(({ name }) => textWidth(name)));
  const right = place === 'above' ? frame.right : frame.right - named - 58;
  const usable = (value: number) => Number.isFinite(value) && (!logY || value > 0);
  const lines = series.map(({ name, y, x }) => ({ name, y, x: x ?? y.map((_, i) => i + 1) }));
  const [xLow, xHigh] = range(lines.flatMap((line) => line.x).concat(mark ? [mark.x] : []));
  const [yLow, yHigh] = padded(range(lines.flatMap((line) => line.y.filter(usable))), logY);
  const toX = scale(xLow, xHigh, frame.left + 14, right - 14);
  const straight = scale(
    logY ? Math.log10(yLow) : yLow,
    logY ? Math.log10(yHigh) : yHigh,
    frame.bottom,
    frame.top,
  );
  const toY: Scale = (value) => straight(logY ? Math.log10(value) : value);

  const canvas = new Canvas(width, height, paper);
  canvas.text(title, 28, 26, { colour: ink, size: 2.5 });
  for (const tick of logY ? logTicks(yLow, yHigh) : linearTicks(yLow, yHigh)) {
    canvas.rect(frame.left, toY(tick), right - frame.left, 1, grid);
    const place = { colour: faint, size: 1.75, align: 'right', middle: true } as const;
    canvas.text(tickLabel(tick), frame.left - 12, toY(tick), place);
  }
  // Epochs and steps are whole numbers: no tick between them.
  for (const tick of linearTicks(xLow, xHigh, 10).filter(Number.isInteger)) {
    canvas.rect(toX(tick), frame.bottom, 1, 7, faint);
    canvas.text(tickLabel(tick), toX(tick), frame.bottom + 14, {
      colour: faint,
      size: 1.75,
      align: 'center',
    });
  }
  canvas.rect(frame.left, frame.bottom, right - frame.left, 1, faint);
  canvas.rect(frame.left, frame.top, 1, frame.bottom - frame.top, faint);
  const middle = (frame.left + right) / 2;
  canvas.text(xName, middle, height - 34, { colour: ink, size: 1.75, align: 'center' });
  canvas.text(logY ? `${yName} (log)` : yName, 28, 66, { colour: ink, size: 1.75 });

  if (mark) drawMark(canvas, toX(mark.x), mark.name, right);
  lines.forEach((line, i) => {
    const points = line.y.map((value, k) => (usable(value) ? ([toX(line.x[k]), toY(value)] as const) : null));
    const colour = lineColour(i);
    canvas.strokes(joined(points), 3, colour);
    if (points.length <= 50) canvas.strokes(dots(points), 8, colour);
  });
  if (place === 'above') legend(canvas, series);
  else columnLegend(canvas, series, right + 14);
  return canvas.png();
}

type Points = readonly (readonly [x: number, y: number] | null)[];

/** Strokes between neighbouring points; a point whose neighbours are missing stays a dot. */
function joined(points: Points): Segment[] {
  return points.flatMap((point, i) => (point ? [[...point, ...(points[i + 1] ?? point)] as const] : []));
}

function dots(points: Points): Segment[] {
  return points.flatMap((point) => (point ? [[...point, ...point] as const] : []));
}

function drawMark(canvas: Canvas, x: number, name: string, right: number): void {
  for (let y = frame.top; y < frame.bottom; y += 10) canvas.rect(x, y, 1, 5, ink);
  const fits = x + 10 + 1.75 * textWidth(name) < right;
  const place = fits ? ({ align: 'left' } as const) : ({ align: 'right' } as const);
  canvas.text(name, fits ? x + 8 : x - 8, frame.top + 2, { colour: ink, size: 1.75, ...place });
}

/** Names and colours of the lines, at the right above the frame. */
function legend(canvas: Canvas, series: readonly Series[]): void {
  let right = frame.right;
  for (let i = series.length - 1; i >= 0; i--) {
    canvas.text(series[i].name, right, 66, { colour: ink, size: 1.75, align: 'right' });
    right -= 1.75 * textWidth(series[i].name) + 10;
    canvas.rect(right - 26, 70, 26, 4, lineColour(i));
    right -= 26 + 28;
  }
}

/** The same in a column, from `left` on. */
function columnLegend(canvas: Canvas, series: readonly Series[], left: number): void {
  series.forEach(({ name }, i) => {
    const y = frame.top + 8 + 24 * i;
    canvas.rect(left, y + 4, 26, 4, lineColour(i));
    canvas.text(name, left + 40, y, { colour: ink, size: 1.75 });
  });
}

/** Beyond the palette the colours come again, darker. */
function lineColour(i: number): Rgb {
  const [r, g, b] = seriesColours[i % seriesColours.length];
  const shade = 0.55 ** Math.floor(i / seriesColours.length);
  return [r * shade, g * shade, b * shade];
}

function range(values: readonly number[]): [number, number] {
  if (values.length === 0) return [1, 2];
  return values.reduce(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [values[0], values[0]],
  );
}

/** A little air above and below; from 0 where the values come near it. */
function padded([low, high]: [number, number], log: boolean): [number, number] {
  if (log)
    return low === high ? [low / 2, high * 2] : [low / (high / low) ** 0.04, high * (high / low) ** 0.04];
  const air = 0.05 * (high - low) || 0.1 * Math.abs(high) || 1;
  return [low >= 0 && low < 0.5 * high ? 0 : low - air, high + air];
}

function scale(low: number, high: number, from: number, to: number): Scale {
  return (value) => (high > low ? from + ((value - low) / (high - low)) * (to - from) : (from + to) / 2);
}
