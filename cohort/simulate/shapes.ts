/** One point of a chain: position in mm and radius in mm. */
export type Bead = readonly [x: number, y: number, z: number, radius: number];

/**
 * Depth in mm of a point inside an ellipsoid (first-order; exact on the surface, negative outside).
 *
 * @param dx,dy,dz offset of the point from the centre, mm
 * @param rx,ry,rz radii, mm
 */
export function ellipsoidDepth(
  dx: number,
  dy: number,
  dz: number,
  rx: number,
  ry: number,
  rz: number,
): number {
  const ux = dx / rx;
  const uy = dy / ry;
  const uz = dz / rz;
  const level = Math.sqrt(ux * ux + uy * uy + uz * uz);
  const slope = Math.sqrt((ux / rx) ** 2 + (uy / ry) ** 2 + (uz / rz) ** 2);
  return slope === 0 ? Math.min(rx, ry, rz) : (level * (1 - level)) / slope;
}

/** As `ellipsoidDepth`, for the fuller shape whose coordinates are raised to 2.25 in place of squared. */
export function boxyDepth(dx: number, dy: number, dz: number, rx: number, ry: number, rz: number): number {
  const ux = Math.abs(dx) / rx;
  const uy = Math.abs(dy) / ry;
  const uz = Math.abs(dz) / rz;
  const px = ux * Math.sqrt(Math.sqrt(ux));
  const py = uy * Math.sqrt(Math.sqrt(uy));
  const pz = uz * Math.sqrt(Math.sqrt(uz));
  const power = px * ux + py * uy + pz * uz;
  const slope = Math.sqrt((px / rx) ** 2 + (py / ry) ** 2 + (pz / rz) ** 2);
  // level = power^(1 / 2.25); its gradient is slope * level / power.
  const level = power ** (1 / 2.25);
  return slope === 0 ? Math.min(rx, ry, rz) : ((1 - level) * power) / (slope * level);
}

/** Depth in mm of a point inside a chain of beads joined by tapering tubes (negative outside). */
export function chainDepth(x: number, y: number, z: number, beads: readonly Bead[]): number {
  if (beads.length === 1) {
    const [bx, by, bz, radius] = beads[0];
    return radius - Math.sqrt((x - bx) ** 2 + (y - by) ** 2 + (z - bz) ** 2);
  }
  let deepest = -Infinity;
  for (let i = 0; i + 1 < beads.length; i++) {
    const a = beads[i];
    const b = beads[i + 1];
    const ex = b[0] - a[0];
    const ey = b[1] - a[1];
    const ez = b[2] - a[2];
    const along = ((x - a[0]) * ex + (y - a[1]) * ey + (z - a[2]) * ez) / (ex * ex + ey * ey + ez * ez);
    const t = Math.min(1, Math.max(0, along));
    const dx = x - a[0] - t * ex;
    const dy = y - a[1] - t * ey;
    const dz = z - a[2] - t * ez;
    deepest = Math.max(deepest, a[3] + t * (b[3] - a[3]) - Math.sqrt(dx * dx + dy * dy + dz * dz));
  }
  return deepest;
}

/** Larger of two depths, rounded off over about `blend` mm so that joined shapes meet without a crease. */
export function smoothMax(a: number, b: number, blend: number): number {
  const overlap = Math.max(0, blend - Math.abs(a - b));
  return Math.max(a, b) + (overlap * overlap) / (4 * blend);
}

/** 0 below `low`, 1 above `high`, a cubic between. */
export function smoothStep(low: number, high: number, value: number): number {
  const t = Math.min(1, Math.max(0, (value - low) / (high - low)));
  return t * t * (3 - 2 * t);
}

/** Logistic step from 0 to 1 at 0. */
export function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}
