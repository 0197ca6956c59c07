import { NIFTI1 } from 'nifti-reader-js';
import { canonicalGrid, orientationOf } from './orientation.ts';
import { determinant, type Grid, type Orientation, type Qform, type Storage, spacingOf } from './volume.ts';

const axes = [0, 1, 2] as const;

/**
 * How to store a volume that comes from no file: NIfTI-1, little-endian, millimetres, sform and qform of code 4 (MNI).
 *
 * @param grid canonical; its axes must be at right angles, which is all that a qform can say
 * @param orientation of the file: LAS as SPM and Clinica store, or RAS, with the x axis turned round
 */
export function storageFor(grid: Grid, orientation: 'LAS' | 'RAS'): Storage {
  const found = orientationOf(grid.affine);
  if (found.axes.some((axis, i) => axis !== i || found.flips[i])) {
    throw new RangeError(`the grid is not canonical: affine [${grid.affine.join(' ')}]`);
  }
  const turned: Orientation = { axes, flips: [orientation === 'RAS', false, false] };
  // Turning an axis round is its own way back, so the same step leads from the canonical grid to the stored one.
  const { affine } = canonicalGrid(grid.shape, grid.affine, turned);
  return {
    placement: {
      sform: { code: NIFTI1.XFORM_MNI_152, rows: affine.slice(0, 12) },
      qform: qformOf(affine),
    },
    version: 1,
    littleEndian: true,
    shape: grid.shape,
    orientation: turned,
  };
}

/** The quaternion form of an affine (nifti1.h, "quaternion representation of rotation matrix"). */
function qformOf(affine: readonly number[]): Qform {
  const sizes = spacingOf({ affine });
  const r = axes.map((row) => axes.map((axis) => affine[4 * row + axis] / sizes[axis]));
  // A quaternion holds a proper rotation only; nifti1.h has a left-handed array turn its third axis round first.
  const handedness = determinant(affine) < 0 ? -1 : 1;
  for (const row of r) row[2] *= handedness;
  return {
    code: NIFTI1.XFORM_MNI_152,
    quaternion: quaternion(r),
    offset: [affine[3], affine[7], affine[11]],
    sizes,
    handedness,
  };
}

/** The imaginary parts (b, c, d) of a rotation matrix's unit quaternion whose real part is not negative. */
function quaternion(r: readonly (readonly number[])[]): [number, number, number] {
  const squares = [
    1 + r[0][0] + r[1][1] + r[2][2],
    1 + r[0][0] - r[1][1] - r[2][2],
    1 - r[0][0] + r[1][1] - r[2][2],
    1 - r[0][0] - r[1][1] + r[2][2],
  ];
  // From its largest part, so that nothing is divided by a number near 0; products[p] holds 4 * p * (a, b, c, d).
  const products = [
    [squares[0], r[2][1] - r[1][2], r[0][2] - r[2][0], r[1][0] - r[0][1]],
    [r[2][1] - r[1][2], squares[1], r[0][1] + r[1][0], r[0][2] + r[2][0]],
    [r[0][2] - r[2][0], r[0][1] + r[1][0], squares[2], r[1][2] + r[2][1]],
    [r[1][0] - r[0][1], r[0][2] + r[2][0], r[1][2] + r[2][1], squares[3]],
  ];
  const largest = squares.indexOf(Math.max(...squares));
  const scale = 2 * Math.sqrt(squares[largest]);
  const [a, b, c, d] = products[largest].map((product) => product / scale);
  return a < 0 ? [-b, -c, -d] : [b, c, d];
}
