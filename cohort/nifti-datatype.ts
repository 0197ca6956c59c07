import { NIFTI1 } from 'nifti-reader-js';
import { InputError } from './error.ts';

/** How one voxel's number is stored. */
export interface Datatype {
  readonly code: number;
  readonly name: string;
  /** Bytes per voxel. */
  readonly size: number;
  readonly view: (buffer: ArrayBuffer) => ArrayLike<number | bigint>;
}

/** The datatypes with one real number per voxel that fits a double. */
export const datatypes: readonly Datatype[] = [
  { code: NIFTI1.TYPE_UINT8, name: 'uint8', size: 1, view: (buffer) => new Uint8Array(buffer) },
  { code: NIFTI1.TYPE_INT8, name: 'int8', size: 1, view: (buffer) => new Int8Array(buffer) },
  { code: NIFTI1.TYPE_INT16, name: 'int16', size: 2, view: (buffer) => new Int16Array(buffer) },
  { code: NIFTI1.TYPE_UINT16, name: 'uint16', size: 2, view: (buffer) => new Uint16Array(buffer) },
  { code: NIFTI1.TYPE_INT32, name: 'int32', size: 4, view: (buffer) => new Int32Array(buffer) },
  { code: NIFTI1.TYPE_UINT32, name: 'uint32', size: 4, view: (buffer) => new Uint32Array(buffer) },
  { code: NIFTI1.TYPE_INT64, name: 'int64', size: 8, view: (buffer) => new BigInt64Array(buffer) },
  { code: NIFTI1.TYPE_UINT64, name: 'uint64', size: 8, view: (buffer) => new BigUint64Array(buffer) },
  { code: NIFTI1.TYPE_FLOAT32, name: 'float32', size: 4, view: (buffer) => new Float32Array(buffer) },
  { code: NIFTI1.TYPE_FLOAT64, name: 'float64', size: 8, view: (buffer) => new Float64Array(buffer) },
];

const unsupported = new Map([
  [NIFTI1.TYPE_BINARY, 'single bits'],
  [NIFTI1.TYPE_COMPLEX64, 'complex numbers'],
  [NIFTI1.TYPE_COMPLEX128, 'complex numbers'],
  [NIFTI1.TYPE_COMPLEX256, 'complex numbers'],
  [NIFTI1.TYPE_RGB24, 'RGB colors'],
  [2304, 'RGBA colors'],
  [NIFTI1.TYPE_FLOAT128, '128-bit floating-point numbers'],
]);

/**
 * The datatype of a NIfTI code.
 *
 * @throws InputError for complex numbers, colors and whatever else is not one real number per voxel
 */
export function datatypeOf(code: number, where: string): Datatype {
  const datatype = datatypes.find((candidate) => candidate.code === code);
  if (datatype) return datatype;
  const kind = unsupported.get(code);
  throw new InputError(
    where,
    kind ? `holds ${kind}` : `has the unknown datatype code ${code}`,
    'Give an image with one real number per voxel',
  );
}

/**
 * The numbers of an image in the file's order, scaled: value = slope * stored + intercept, computed in double precision.
 *
 * @param bytes exactly the voxels' bytes
 * @returns the values, and how many were not a number (they are 0 in `values`)
 * @throws InputError when a value is infinite, or too large for float32
 */
export function decode(
  bytes: Uint8Array,
  datatype: Datatype,
  littleEndian: boolean,
  { slope, intercept }: { slope: number; intercept: number },
  where: string,
): { values: Float32Array; nanCount: number } {
  // A copy, so that it starts at an aligned address and can be swapped in place. (A Buffer's own slice is no copy.)
  const buffer = new Uint8Array(bytes).buffer;
  if (littleEndian !== hostLittleEndian) swap(Buffer.from(buffer), datatype.size);
  const raw = datatype.view(buffer);
  const values = raw instanceof Float32Array ? raw : new Float32Array(raw.length); // in place where it can be
  let nanCount = 0;
  let infiniteCount = 0;
  for (let i = 0; i < raw.length; i++) {
    values[i] = slope * Number(raw[i]) + intercept;
    if (Number.isFinite(values[i])) continue;
    if (Number.isNaN(values[i])) nanCount++;
    else infiniteCount++;
    values[i] = 0;
  }
  if (infiniteCount > 0) {
    throw new InputError(
      where,
      `holds ${infiniteCount === 1 ? '1 value that is' : `${infiniteCount} values that are`} infinite or beyond single precision`,
      'Replace them by finite numbers, or run the segmentation again',
    );
  }
  return { values, nanCount };
}

const hostLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Reverses the bytes of each voxel, in place. */
function swap(bytes: Buffer, size: number): void {
  if (size === 2) bytes.swap16();
  else if (size === 4) bytes.swap32();
  else if (size === 8) bytes.swap64();
}

/** The bytes of typed numbers, in the byte order asked for. */
export function encode(numbers: Float32Array | Int16Array | Uint8Array, littleEndian: boolean): Buffer {
  const bytes = Buffer.from(numbers.slice().buffer);
  if (littleEndian !== hostLittleEndian) swap(bytes, numbers.BYTES_PER_ELEMENT);
  return bytes;
}
