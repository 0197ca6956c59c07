import { NIFTI1 } from 'nifti-reader-js';
import { largestShift, type Placement, type Qform } from './volume.ts';

/** Norm^2 of a quaternion's imaginary parts, at most; above 1 by more than rounding, it describes no rotation. */
const largestNorm = 1 + 1e-5;

/** Codes that nifti1.h defines: 0 unknown, 1 scanner, 2 aligned, 3 Talairach, 4 MNI 152, 5 another template. */
export const largestTransformCode = 5;

/** Whether a qform describes a placement: a rotation, positive voxel sizes and an origin, all finite. */
export function isSound({ code, quaternion, offset, sizes }: Qform): boolean {
  return (
    code > 0 &&
    code <= largestTransformCode &&
    normOf(quaternion) <= largestNorm &&
    offset.every(Number.isFinite) &&
    sizes.every((size) => size > 0 && Number.isFinite(size))
  );
}

/** A qform whose quaternion other readers accept: one that rounding made longer than 1 is scaled back. */
export function normalized(qform: Qform): Qform {
  const norm = Math.sqrt(normOf(qform.quaternion));
  if (norm <= 1) return qform;
  const [b, c, d] = qform.quaternion.map((part) => part / norm);
  return { ...qform, quaternion: [b, c, d] };
}

/** The affine of a qform (nifti1.h, method 2): 4 x 4, row-major, stored voxel index to the qform's unit. */
export function qformAffine({ quaternion, offset, sizes, handedness }: Qform): number[] {
  return new NIFTI1().convertNiftiQFormToNiftiSForm(...quaternion, ...offset, ...sizes, handedness).flat();
}

/**
 * Whether a file's two transforms place a volume alike, as readers that prefer one or the other see it: within a quarter
 * of its smallest voxel. (Single precision alone may turn a qform by 0.0006 radians.)
 */
export function agree(
  shape: readonly [number, number, number],
  affine: readonly number[],
  qform: Qform,
): boolean {
  const two = shape.map((size) => Math.max(2, size)) as [number, number, number]; // one voxel has no direction
  const shift = largestShift({ shape: two, affine }, { shape: two, affine: qformAffine(qform) });
  return shift <= Math.min(...qform.sizes) / 4;
}

/** The affine of a stored volume: of its sform, or without one of its qform. */
export function placedAt({ sform, qform }: Placement): readonly number[] {
  if (sform) return [...sform.rows, 0, 0, 0, 1];
  if (qform) return qformAffine(qform);
  throw new RangeError('a placement without transforms');
}

function normOf([b, c, d]: readonly number[]): number {
  return b * b + c * c + d * d;
}
