import { boxyDepth, ellipsoidDepth, smoothMax } from './shapes.ts';

/** Which half of the brain: the left one differs from the right as real halves do. */
export type Side = 'L' | 'R';

/**
 * World coordinates (mm, RAS+) to those of one symmetric half: distance from the midline plane, y, z.
 *
 * The real brain's torque is put in here: the midline bends, the right frontal pole reaches further forward and
 * the left occipital pole further back (petalia), so that no orientation mistake goes unseen.
 */
export function toHemisphere(x: number, y: number, z: number): [side: Side, x: number, y: number, z: number] {
  const reach = (y + 17) / 87;
  const fromMidline = x + 2 * reach;
  const side: Side = fromMidline < 0 ? 'L' : 'R';
  const frontal = side === 'R' ? 4 : -1;
  const occipital = side === 'L' ? 5 : -1;
  const half = 87 + (reach > 0 ? frontal : occipital);
  return [side, Math.abs(fromMidline) * (side === 'R' ? 0.985 : 1.015), -17 + reach * 87 * (87 / half), z];
}

/** Depth in mm below the cerebellum's surface (negative outside). */
export function cerebellumDepth(x: number, y: number, z: number): number {
  const lobe = ellipsoidDepth(x - 22, y + 65, z + 38, 30, 27, 20);
  const vermis = ellipsoidDepth(x, y + 60, z + 26, 15, 20, 19);
  return smoothMax(lobe, vermis, 8);
}

/** Depth in mm inside the brain stem and hypothalamus, where no cortex grows. */
export function stemDepth(x: number, y: number, z: number): number {
  return ellipsoidDepth(x, y + 16 - (z + 20) * 0.35, z + 22, 15, 21, 30);
}

/**
 * Depth in mm below the cerebral hemisphere's hull, the smooth surface without its sulci: the convexity, the
 * temporal lobe, the flat wall along the interhemispheric fissure. Negative outside.
 */
export function hemisphereDepth(x: number, y: number, z: number): number {
  // Flatter below than above, and narrower towards the front than towards the back.
  const height = z > 16 ? 60 - 0.08 * Math.max(0, y) : 38;
  const width = 67 - 0.15 * Math.max(0, y);
  const convexity = boxyDepth(x, y + 16, z - 16, width, 88, height);
  // The temporal lobe points forward, down and slightly inward.
  const forward = y + 16;
  const temporal = ellipsoidDepth(x - 43 + 0.06 * forward, forward, z + 19 + 0.16 * forward, 24, 43, 24);
  const lobes = smoothMax(convexity, temporal, 6);
  return Math.min(lobes, fissureDistance(x, y, z), -1.5 - cerebellumDepth(x, y, z));
}

/** Distance in mm to the interhemispheric fissure, which ends at the corpus callosum and the diencephalon. */
function fissureDistance(x: number, y: number, z: number): number {
  const bridge = Math.max(0, ellipsoidDepth(0, y + 5, z - 1, 1e6, 38, 25));
  return Math.sqrt(x * x + bridge * bridge) - 0.7;
}

/**
 * Distance in mm to the Sylvian fissure: a sheet from the lateral surface inward, and at its floor the T that
 * uncovers the insula. It is longer and flatter on the left, as the planum temporale asks.
 */
export function sylvianDistance(side: Side, x: number, y: number, z: number): number {
  const rise = side === 'L' ? 0.42 : 0.56;
  const length = side === 'L' ? 72 : 62;
  const norm = Math.sqrt(1 + rise * rise);
  const back = (17 - y + (z + 14) * rise) / norm;
  const up = (z + 14 - (17 - y) * rise) / norm - 1.6 * Math.sin(back / 7);
  const beyond = Math.max(0, -back - 4, back - length);
  const sheet = Math.sqrt(Math.max(0, 38 - x) ** 2 + up * up + beyond * beyond);
  const floor = 39 + 1.4 * Math.sin(back / 3.2) - 0.004 * (back - 25) ** 2;
  const past = Math.max(0, -back, back - 52);
  const reach = 17 * Math.sqrt(Math.max(0, 1 - ((back - 24) / 32) ** 2));
  const lid = Math.sqrt((x - floor) ** 2 + Math.max(0, Math.abs(up - 2) - reach) ** 2 + past * past);
  return Math.min(sheet, lid);
}
