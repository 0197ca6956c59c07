import type { Grid } from '../../cohort/volume.ts';

/** A LAS grid around the origin, of cubic voxels. */
export function cubicGrid(shape: [number, number, number], edge: number): Grid {
  const [x, y, z] = shape.map((size) => ((size - 1) / 2) * edge);
  return { shape, affine: [-edge, 0, 0, x, 0, edge, 0, -y, 0, 0, edge, -z, 0, 0, 0, 1] };
}

/** A volume in C order from a function of the voxel's world coordinates in mm. */
export function fill(grid: Grid, value: (x: number, y: number, z: number) => number): Float32Array {
  const [nx, ny, nz] = grid.shape;
  const { affine } = grid;
  const data = new Float32Array(nx * ny * nz);
  let voxel = 0;
  for (let x = 0; x < nx; x++) {
    for (let y = 0; y < ny; y++) {
      for (let z = 0; z < nz; z++) {
        const world = [affine[0] * x + affine[3], affine[5] * y + affine[7], affine[10] * z + affine[11]];
        data[voxel++] = value(world[0], world[1], world[2]);
      }
    }
  }
  return data;
}

/** An egg of gray matter, 120 x 160 x 120 mm. */
export function egg(x: number, y: number, z: number): number {
  return (x / 60) ** 2 + (y / 80) ** 2 + (z / 60) ** 2 < 1 ? 0.8 : 0;
}
