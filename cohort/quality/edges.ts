import type { Grid } from '../volume.ts';
import { median } from './robust.ts';

/** The ends of the three axes, of volumes in LAS: the low end of x is the subject's right. */
const ends = [
  ['right', 'left'],
  ['back', 'front'],
  ['bottom', 'top'],
] as const;
export type Side = (typeof ends)[number][number];

/** What is wrong at one end of an axis. */
export type EdgeFault =
  | { readonly code: 'cut'; readonly side: Side; readonly share: number }
  | { readonly code: 'face'; readonly side: Side };

/** The share of an image's gray matter in each slice along x, y and z. */
export type Profiles = readonly [Float64Array, Float64Array, Float64Array];

/** A slice with less than this share of what the others have there counts as empty: interpolation blurs a cut. */
const nearlyNone = 0.02;
/** An image is cut off where the slices that it lacks hold more of the others' gray matter than this. */
const leastCut = 0.01;
/** Gray matter reaches a face that has more than this share of what the fullest slice of the others has, ... */
const leastOnFace = 0.05;
/** ... and this many times as much as the others have there. */
const timesTheOthers = 5;

/** Sums the gray matter (values above 0) over slices, as shares of the whole. @param data in C order */
export function sliceShares(data: Float32Array, { shape: [nx, ny, nz] }: Pick<Grid, 'shape'>): Profiles {
  const sums: Profiles = [new Float64Array(nx), new Float64Array(ny), new Float64Array(nz)];
  const [alongX, alongY, alongZ] = sums;
  let all = 0;
  for (let x = 0, i = 0; x < nx; x++) {
    for (let y = 0; y < ny; y++) {
      let row = 0;
      for (let z = 0; z < nz; z++, i++) {
        const value = data[i];
        if (!(value > 0)) continue;
        row += value;
        alongZ[z] += value;
      }
      alongX[x] += row;
      alongY[y] += row;
      all += row;
    }
  }
  if (all > 0) for (const profile of sums) for (let i = 0; i < profile.length; i++) profile[i] /= all;
  return sums;
}

/** Slice by slice, the median of several images' shares. */
export function medianProfiles(images: readonly Profiles[]): Profiles {
  const along = (axis: 0 | 1 | 2) =>
    images[0][axis].map((_, slice) => median(images.map((profiles) => profiles[axis][slice])));
  return [along(0), along(1), along(2)];
}

/**
 * Looks for an image that ends too early along an axis, or reaches the volume's end, where the others do not.
 *
 * @param usual the median profiles of the cohort
 */
export function edgeFaults(own: Profiles, usual: Profiles): EdgeFault[] {
  return ends.flatMap((sides, axis) =>
    sides.flatMap((side, high) => {
      const outermostFirst = (profile: Float64Array) => (high ? profile.toReversed() : profile);
      const [mine, others] = [outermostFirst(own[axis]), outermostFirst(usual[axis])];
      const share = missingAtEnd(mine, others);
      return [
        ...(share > leastCut ? [{ code: 'cut', side, share } as const] : []),
        ...(reachesFace(mine, others) ? [{ code: 'face', side } as const] : []),
      ];
    }),
  );
}

/** How much of the others' gray matter is in the slices, counted from the end, that are empty in this image. */
function missingAtEnd(mine: Float64Array, others: Float64Array): number {
  let missing = 0;
  for (let i = 0; i < mine.length && mine[i] <= nearlyNone * others[i]; i++) missing += others[i];
  return missing;
}

function reachesFace(mine: Float64Array, others: Float64Array): boolean {
  const fullest = others.reduce((most, share) => Math.max(most, share), 0);
  return mine[0] > leastOnFace * fullest && mine[0] > timesTheOthers * others[0];
}
