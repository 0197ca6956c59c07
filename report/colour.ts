/** A colour of the screen: red, green, blue, each 0 to 255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** A gray of the given brightness, 0 (black) to 1 (white), clamped. */
export function gray(brightness: number): Rgb {
  const value = 255 * Math.max(0, Math.min(1, brightness));
  return [value, value, value];
}

/** Colours of the charts: on white, so that they can be printed. */
export const chart = {
  paper: [255, 255, 255],
  ink: [32, 36, 42],
  faint: [110, 116, 126],
  grid: [226, 229, 233],
} as const;

/** Colours for lines and bars that stay apart for colour-blind readers (the palette of Okabe and Ito, 2008). */
export const seriesColours: readonly Rgb[] = [
  [0, 114, 178],
  [213, 94, 0],
  [0, 158, 115],
  [204, 121, 167],
  [230, 159, 0],
  [86, 180, 233],
];

/** Table length of the heat map; finer than an 8-bit screen can show. */
const steps = 256;

/*
 * The heat map climbs from violet over red and orange to light yellow in OKLab (Ottosson 2020), a space in which
 * equal distances look equally different. Lightness only rises, so the order survives in print and for every kind
 * of colour blindness; the table is cut at equal OKLab distances, so no false edges appear.
 */
const table = equalSteps();

/** The heat map's colour of a value in [0, 1], clamped; NaN counts as 0. */
export function heat(value: number): Rgb {
  return table[Math.round((steps - 1) * Math.max(0, Math.min(1, value || 0)))];
}

/** OKLab lightness (0 to 1) and the two colour axes, along the heat map's path: `at` in [0, 1]. */
function path(at: number): [number, number, number] {
  const lightness = 0.32 + 0.61 * at;
  const hue = ((300 + 170 * at) * Math.PI) / 180;
  const chroma = 0.15 + 0.02 * Math.sin(Math.PI * at);
  return [lightness, chroma * Math.cos(hue), chroma * Math.sin(hue)];
}

function equalSteps(): Rgb[] {
  const fine = 4096;
  const points = Array.from({ length: fine + 1 }, (_, i) => path(i / fine));
  const travelled = [0];
  for (let i = 1; i <= fine; i++) {
    const [l, a, b] = points[i - 1];
    travelled.push(travelled[i - 1] + Math.hypot(points[i][0] - l, points[i][1] - a, points[i][2] - b));
  }
  let i = 0;
  return Array.from({ length: steps }, (_, step) => {
    while (i < fine && travelled[i] < (travelled[fine] * step) / (steps - 1)) i++;
    return fromOklab(points[i]);
  });
}

/** OKLab to sRGB with Ottosson's matrices; the path above stays within what a screen can show. */
function fromOklab([lightness, a, b]: [number, number, number]): Rgb {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    encode(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    encode(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    encode(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

/** The sRGB transfer curve (IEC 61966-2-1), from linear light to 0 to 255. */
function encode(light: number): number {
  const clamped = Math.max(0, Math.min(1, light));
  return Math.round(255 * (clamped <= 0.0031308 ? 12.92 * clamped : 1.055 * clamped ** (1 / 2.4) - 0.055));
}
