import type { Side } from './hull.ts';
import { stream } from './random.ts';

/** A random plane wave: wave vector in radians per mm, phase. */
type Wave = readonly [kx: number, ky: number, kz: number, phase: number];

/** A pattern of sulci over the hull: its zero set is where the sulci run. */
export interface FoldPattern {
  readonly waves: readonly Wave[];
  readonly depthWave: Wave;
}

// Random waves of one length cross zero every pi * sqrt(3) / k mm on a surface: 18.5 mm puts them 16 mm apart.
const waveLength = 18.5;
const waveCount = 9;

/** The sulci of one side. Fixed for all simulated brains: participants differ by warping, not by new sulci. */
export function foldPattern(side: Side): FoldPattern {
  const random = stream(2020, side === 'L' ? 0 : 1);
  const wave = (length: number): Wave => {
    const direction = [random.normal(), random.normal(), random.normal()];
    const k = (2 * Math.PI) / length / Math.hypot(...direction);
    return [k * direction[0], k * direction[1], k * direction[2], 2 * Math.PI * random.uniform()];
  };
  const waves = Array.from({ length: waveCount }, () => wave(waveLength * (0.88 + 0.24 * random.uniform())));
  return { waves, depthWave: wave(40) };
}

/** Distance in mm, along the hull, from a point of the hull to the nearest sulcus (first-order). */
export function sulcusDistance(pattern: FoldPattern, x: number, y: number, z: number): number {
  let value = 0;
  let gx = 0;
  let gy = 0;
  let gz = 0;
  for (const [kx, ky, kz, phase] of pattern.waves) {
    const angle = kx * x + ky * y + kz * z + phase;
    const slope = Math.cos(angle);
    value += Math.sin(angle);
    gx += kx * slope;
    gy += ky * slope;
    gz += kz * slope;
  }
  // The constant keeps saddles and summits, where the gradient vanishes, from looking far away from everything.
  return Math.abs(value) / Math.sqrt(gx * gx + gy * gy + gz * gz + 0.06);
}

/** How deep in mm the sulci reach at a point of the hull. */
export function sulcusDepth(pattern: FoldPattern, x: number, y: number, z: number): number {
  const [kx, ky, kz, phase] = pattern.depthWave;
  return 16.5 + 6 * Math.sin(kx * x + ky * y + kz * z + phase);
}
