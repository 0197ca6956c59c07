import { cerebellum, cortex, nuclei, regionNames, type Territory } from './anatomy.ts';
import { type FoldPattern, foldPattern, sulcusDepth, sulcusDistance } from './folds.ts';
import {
  cerebellumDepth,
  hemisphereDepth,
  type Side,
  stemDepth,
  sylvianDistance,
  toHemisphere,
} from './hull.ts';
import { chainDepth, ellipsoidDepth, sigmoid, smoothStep } from './shapes.ts';

/** What the formula says of one point. */
export interface Tissue {
  /** Gray-matter probability, 0 to 1. */
  readonly gray: number;
  /** 1 + index into `regionNames` (a half-brain's regions); 0 outside all regions. */
  readonly region: number;
  readonly side: Side;
}

const thickness = 3; // mm of cortex, as blurred as SPM's maps show it
const blur = 0.55; // mm, width of the steps between tissues
const labelMargin = 2; // mm that a region reaches beyond its gray matter

const patterns: Record<Side, FoldPattern> = { L: foldPattern('L'), R: foldPattern('R') };
const places = new Map(regionNames.map((name, index) => [name, index + 1]));

/** Gray matter and region at a point of the world (mm, RAS+): the simulated brain, as a formula. */
export function tissueAt(worldX: number, worldY: number, worldZ: number): Tissue {
  const [side, x, y, z] = toHemisphere(worldX, worldY, worldZ);
  const lobule = cerebellarGray(x, y, z);
  if (lobule.depth > -labelMargin) {
    const region = lobule.gray > 0.05 ? nearest(cerebellum, x, y, z) : 0;
    return { gray: lobule.gray, region, side };
  }
  const depth = hemisphereDepth(x, y, z);
  if (depth < -labelMargin) return { gray: 0, region: 0, side };
  const pial = pialDistance(side, x, y, z, depth);
  const ribbon =
    sigmoid((thickness - pial) / blur) *
    sigmoid((pial - 0.25) / (0.6 * blur)) *
    (1 - smoothStep(-5, 0, stemDepth(x, y, z)));
  const nucleus = nucleusAt(x, y, z);
  const gray = Math.max(nucleus.gray, ribbon * (1 - smoothStep(-3, -0.5, nucleus.depth)));
  if (nucleus.depth > -0.8) return { gray, region: nucleus.region, side };
  const cortical = pial < thickness + labelMargin && gray > 0.02;
  return { gray, region: cortical ? nearest(cortex, x, y, z) : 0, side };
}

/** Distance in mm to the pial surface, which follows the hull down into the sulci and the Sylvian fissure. */
function pialDistance(side: Side, x: number, y: number, z: number, depth: number): number {
  const sylvian = sylvianDistance(side, x, y, z);
  if (depth > 30) return sylvian;
  // The point of the hull above this one: sulci descend at right angles to the hull.
  const h = 1.5;
  const gx = (hemisphereDepth(x + h, y, z) - depth) / h;
  const gy = (hemisphereDepth(x, y + h, z) - depth) / h;
  const gz = (hemisphereDepth(x, y, z + h) - depth) / h;
  const steepness = gx * gx + gy * gy + gz * gz;
  const lift = depth / Math.max(0.25, steepness);
  const qx = x - lift * gx;
  const qy = y - lift * gy;
  const qz = z - lift * gz;
  const pattern = patterns[side];
  // Where the depth has a crest (between two walls), the point above is undecided; no sulcus reaches that far.
  const crest = 30 * Math.max(0, 0.7 - steepness);
  const below = Math.max(0, depth - sulcusDepth(pattern, qx, qy, qz)) + crest;
  const across = sulcusDistance(pattern, qx, qy, qz);
  // A sulcus opens towards the surface and closes towards its fundus, where its two banks touch.
  const opening = 1.4 * Math.max(0, 1 - depth / 14);
  const sulcus = Math.sqrt(across * across + below * below) + 1.1 - opening;
  return Math.min(depth, sylvian + 0.6, sulcus);
}

function nucleusAt(x: number, y: number, z: number): { gray: number; depth: number; region: number } {
  let found = { gray: 0, depth: -Infinity, region: 0 };
  for (const { name, beads, stretch = [1, 1, 1], gray } of nuclei) {
    const depth = chainDepth(x / stretch[0], y / stretch[1], z / stretch[2], beads);
    if (depth > found.depth) {
      found = { gray: gray * sigmoid((depth - 0.2) / (0.9 * blur)), depth, region: places.get(name)! };
    }
  }
  return found;
}

/** The cerebellum's gray matter: a thick rind of folia, too fine for these voxels, around a branching white core. */
function cerebellarGray(x: number, y: number, z: number): { gray: number; depth: number } {
  const depth = cerebellumDepth(x, y, z);
  if (depth < -labelMargin) return { gray: 0, depth };
  const white = ellipsoidDepth(x - 17, y + 56, z + 36, 17, 10, 7);
  const angle = Math.atan2(z + 34, y + 48);
  const folia = Math.sin(17 * angle + 0.09 * x) ** 8 * smoothStep(-12, 0, -Math.abs(depth - 5));
  const branches = Math.sin(8.5 * angle + 0.7) ** 16 * smoothStep(-9, 0, white);
  const cistern = smoothStep(-3, 0, stemDepth(x, y, z));
  const gray =
    sigmoid((depth - 0.4) / blur) *
    sigmoid(-white) *
    (1 - 0.45 * folia) *
    (1 - 0.8 * branches) *
    (1 - cistern);
  return { gray, depth };
}

function nearest(territories: readonly Territory[], x: number, y: number, z: number): number {
  let best = 0;
  let bestDepth = -Infinity;
  territories.forEach(({ name, line }) => {
    const depth = chainDepth(x, y, z, line);
    if (depth > bestDepth) {
      bestDepth = depth;
      best = places.get(name)!;
    }
  });
  return best;
}
