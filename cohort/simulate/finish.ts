import { applyIntensity } from '../intensity.ts';
import { type Grid, toWorld } from '../volume.ts';
import type { Failure } from './plan.ts';
import type { Site } from './study.ts';

/** Where the eyes are, in mm, and how large. */
const eyes = { x: 33, y: 58, z: -38, radius: 13, gray: 0.97 } as const;
const lowMaximum = 0.9;

/** What a site and a failure make of a map. @param map 0 to 1, on `grid` */
export function finishMap(
  map: Float32Array,
  grid: Grid,
  site: Site | undefined,
  failure: Failure | null,
): Float32Array {
  const seen = site ? asSeenBy(site, map, grid) : map;
  if (failure === 'low maximum') return seen.map((value) => lowMaximum * value);
  return failure === 'eyes' ? withEyes(seen, grid) : seen;
}

function asSeenBy({ smoothing, gamma }: Site, map: Float32Array, grid: Grid): Float32Array {
  const smooth = applyIntensity(map, grid, { scale: 'none', smoothing }, 'simulated map');
  return gamma === 1 ? smooth : smooth.map((value) => value ** gamma);
}

function withEyes(map: Float32Array, grid: Grid): Float32Array {
  const seen = map.slice();
  const [nx, ny, nz] = grid.shape;
  for (let x = 0, i = 0; x < nx; x++) {
    for (let y = 0; y < ny; y++) {
      for (let z = 0; z < nz; z++, i++) {
        const [wx, wy, wz] = toWorld(grid, x, y, z);
        const distance = Math.hypot(Math.abs(wx) - eyes.x, wy - eyes.y, wz - eyes.z);
        if (distance < eyes.radius) seen[i] = Math.max(seen[i], eyes.gray);
      }
    }
  }
  return seen;
}
