import { encode } from 'fast-png';
import type { Rgb } from './colour.ts';
import { capHeight, textStrokes, textWidth } from './font.ts';

/** A stroke from (x0, y0) to (x1, y1). */
export type Segment = readonly [x0: number, y0: number, x1: number, y1: number];

/** Where a text stands on the point it is given; vertically the point is the top of its capitals, or their middle. */
export interface TextOptions {
  readonly colour: Rgb;
  /** Pixels per font unit; 2 makes capitals 14 pixels high. */
  readonly size?: number;
  readonly align?: 'left' | 'center' | 'right';
  readonly middle?: boolean;
}

/** An RGB picture to draw on: rectangles, smooth lines and text. Coordinates are pixels from the top left corner. */
export class Canvas {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;

  constructor(width: number, height: number, background: Rgb) {
    this.width = Math.round(width);
    this.height = Math.round(height);
    this.data = new Uint8Array(3 * this.width * this.height);
    this.rect(0, 0, this.width, this.height, background);
  }

  /** Lays a colour over one pixel; `opacity` 0 leaves it, 1 replaces it. Outside the picture nothing happens. */
  blend(x: number, y: number, colour: Rgb, opacity: number): void {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return;
    const at = 3 * (y * this.width + x);
    for (let c = 0; c < 3; c++) this.data[at + c] += opacity * (colour[c] - this.data[at + c]);
  }

  /** Fills a rectangle, rounded to whole pixels. */
  rect(x: number, y: number, width: number, height: number, colour: Rgb, opacity = 1): void {
    const right = Math.round(x + width);
    const bottom = Math.round(y + height);
    for (let row = Math.round(y); row < bottom; row++) {
      for (let column = Math.round(x); column < right; column++) this.blend(column, row, colour, opacity);
    }
  }

  /** Draws strokes with round ends as one shape: where they cross, the colour is not laid on twice. */
  strokes(segments: readonly Segment[], width: number, colour: Rgb): void {
    const coverage = new Map<number, number>();
    const reach = width / 2 + 0.5;
    for (const [x0, y0, x1, y1] of segments) {
      const top = Math.max(0, Math.floor(Math.min(y0, y1) - reach));
      const bottom = Math.min(this.height - 1, Math.ceil(Math.max(y0, y1) + reach));
      const left = Math.max(0, Math.floor(Math.min(x0, x1) - reach));
      const right = Math.min(this.width - 1, Math.ceil(Math.max(x0, x1) + reach));
      for (let y = top; y <= bottom; y++) {
        for (let x = left; x <= right; x++) {
          const share = Math.min(1, reach - distance(x + 0.5, y + 0.5, x0, y0, x1, y1));
          const at = y * this.width + x;
          if (share > (coverage.get(at) ?? 0)) coverage.set(at, share);
        }
      }
    }
    for (const [at, share] of coverage)
      this.blend(at % this.width, Math.floor(at / this.width), colour, share);
  }

  /** Writes one line of text. */
  text(text: string, x: number, y: number, options: TextOptions): void {
    const { colour, size = 2, align = 'left', middle = false } = options;
    const shift = { left: 0, center: 0.5, right: 1 }[align] * textWidth(text) * size;
    const left = Math.round(x - shift);
    const top = Math.round(middle ? y - (capHeight * size) / 2 : y);
    const placed = textStrokes(text).map(
      ([x0, y0, x1, y1]): Segment => [left + x0 * size, top + y0 * size, left + x1 * size, top + y1 * size],
    );
    this.strokes(placed, 0.85 * size, colour);
  }

  /** The picture as a PNG file. */
  png(): Uint8Array {
    return encode({ width: this.width, height: this.height, data: this.data, channels: 3, depth: 8 });
  }
}

function distance(x: number, y: number, x0: number, y0: number, x1: number, y1: number): number {
  const dx = x1 - x0;
  const dy = y1 - y0;
  const length2 = dx * dx + dy * dy;
  const along = length2 === 0 ? 0 : Math.max(0, Math.min(1, ((x - x0) * dx + (y - y0) * dy) / length2));
  return Math.hypot(x - x0 - along * dx, y - y0 - along * dy);
}
