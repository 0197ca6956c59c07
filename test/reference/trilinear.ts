import { type NdArray, ndArray } from './ndarray.ts';

/** Weight of a value at every spacing-th voxel for the voxel u: a tent. */
function tent(u: number, node: number, spacing: number): number {
  return Math.max(0, 1 - Math.abs(u - node * spacing) / spacing);
}

/** One volume from values on a coarser grid, by the whole sum of their tents. */
export function trilinear(x: NdArray, shape: readonly number[], spacing: number): NdArray {
  const [d, h, w] = shape;
  const [cd, ch, cw] = x.shape;
  const y = new Float64Array(d * h * w);
  for (let u = 0; u < y.length; u++) {
    const at = [Math.floor(u / w / h), Math.floor(u / w) % h, u % w];
    for (let node = 0; node < cd * ch * cw; node++) {
      const of = [Math.floor(node / cw / ch), Math.floor(node / cw) % ch, node % cw];
      y[u] += x.data[node] * of.reduce((product, j, axis) => product * tent(at[axis], j, spacing), 1);
    }
  }
  return ndArray(shape, y);
}
