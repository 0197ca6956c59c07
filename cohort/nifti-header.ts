import { type NIFTI1, type NIFTI2, readHeader } from 'nifti-reader-js';
import { InputError } from './error.ts';
import { type Datatype, datatypeOf } from './nifti-datatype.ts';
import { determinant } from './volume.ts';

/** What a NIfTI header says about its image. */
export interface Header {
  /** The header's own bytes, without extensions: 348 (NIfTI-1) or 540 (NIfTI-2). */
  readonly bytes: Uint8Array;
  readonly version: 1 | 2;
  readonly littleEndian: boolean;
  /** True for the .hdr of a .hdr/.img pair. */
  readonly pair: boolean;
  readonly shape: readonly [number, number, number];
  readonly datatype: Datatype;
  /** Where the voxels start in the file that holds them, in bytes. */
  readonly offset: number;
  /** value = slope * stored + intercept */
  readonly slope: number;
  readonly intercept: number;
  /** 4 x 4, row-major: stored voxel index to millimetres (right, anterior, superior). */
  readonly affine: readonly number[];
}

export const headerSizes = { 1: 348, 2: 540 } as const;

/**
 * Reads a header of NIfTI-1 or NIfTI-2, of either byte order (nifti.nimh.nih.gov, nifti1.h and nifti2.h).
 *
 * @param content the unpacked file, or at least its header
 * @throws InputError when it is not one, or describes anything but one 3D image of real numbers with known orientation
 */
export function parseHeader(content: Uint8Array, where: string): Header {
  const { version, littleEndian } = identify(content, where);
  const bytes = new Uint8Array(content.subarray(0, headerSizes[version]));
  const fields = parseFields(bytes, where);
  const pair = bytes[version === 1 ? 345 : 5] === 'i'.charCodeAt(0);
  return {
    bytes,
    version,
    littleEndian,
    pair,
    shape: shapeOf(fields.dims, where),
    datatype: datatypeOf(fields.datatypeCode, where),
    offset: offsetOf(fields.vox_offset, pair, version, where),
    ...scalingOf(fields, where),
    affine: affineOf(fields, bytes, version, where),
  };
}

function identify(content: Uint8Array, where: string): { version: 1 | 2; littleEndian: boolean } {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  for (const version of [1, 2] as const) {
    for (const littleEndian of [true, false]) {
      if (content.length < 4 || view.getInt32(0, littleEndian) !== headerSizes[version]) continue;
      if (content.length >= headerSizes[version]) return { version, littleEndian };
      throw new InputError(where, 'is cut short within its header', 'Copy or make the file again');
    }
  }
  throw new InputError(where, 'is not a NIfTI image', 'Give a .nii, .nii.gz, .hdr or .img file');
}

function parseFields(bytes: Uint8Array, where: string): NIFTI1 | NIFTI2 {
  try {
    // The bare header: on a whole file the parser follows extensions, and a damaged one can lead it in circles.
    return readHeader(new Uint8Array(bytes).buffer, true);
  } catch {
    throw new InputError(
      where,
      'starts like a NIfTI image but lacks its magic number (an ANALYZE 7.5 image does not say which side is left)',
      'Convert it to NIfTI with a tool that knows its orientation',
    );
  }
}

function shapeOf(dims: readonly number[], where: string): [number, number, number] {
  const [count, ...sizes] = dims;
  const used = sizes.slice(0, count);
  if (count < 1 || count > 7 || used.some((size) => !Number.isSafeInteger(size) || size < 1)) {
    throw new InputError(where, `has the impossible dimensions [${dims.join(' ')}]`, 'Make the file again');
  }
  const volumes = used.slice(3).reduce((product, size) => product * size, 1);
  if (count < 3) throw new InputError(where, `is a ${count}D image`, 'Give a 3D image');
  if (volumes > 1) throw new InputError(where, `holds ${volumes} volumes`, 'Give one 3D image per file');
  return [sizes[0], sizes[1], sizes[2]];
}

function offsetOf(offset: number, pair: boolean, version: 1 | 2, where: string): number {
  const least = pair ? 0 : headerSizes[version] + 4;
  // Some writers leave 0 in a single file; the voxels then follow the header.
  if (offset === 0) return least;
  if (Number.isSafeInteger(offset) && offset >= least) return offset;
  throw new InputError(where, `has the impossible data offset ${offset}`, 'Make the file again');
}

function scalingOf(fields: NIFTI1 | NIFTI2, where: string): { slope: number; intercept: number } {
  const { scl_slope: slope, scl_inter: intercept } = fields;
  // nifti1.h: a slope of 0 means no scaling. SPM and nibabel write NaN for the same.
  if (slope === 0 || Number.isNaN(slope)) return { slope: 1, intercept: 0 };
  if (Number.isFinite(slope) && Number.isFinite(intercept)) return { slope, intercept };
  throw new InputError(
    where,
    `has the impossible scaling ${slope} * x + ${intercept}`,
    'Make the file again',
  );
}

/** The sform where its code is set, else the qform. */
function affineOf(fields: NIFTI1 | NIFTI2, bytes: Uint8Array, version: 1 | 2, where: string): number[] {
  let affine: number[];
  if (fields.sform_code > 0) {
    affine = [...storedRows(bytes, version, fields.littleEndian), 0, 0, 0, 1];
  } else if (fields.qform_code > 0 && fields.pixDims.slice(1, 4).every((size) => size > 0)) {
    affine = fields.getQformMat().flat();
  } else {
    throw new InputError(
      where,
      fields.qform_code > 0
        ? 'has voxel sizes that are not positive'
        : 'has neither sform nor qform, so which side is left is unknown',
      'Set its orientation (for example with fslorient, or nibabel), after checking which side is which',
    );
  }
  if (affine.every(Number.isFinite) && Math.abs(determinant(affine)) > 1e-9) return affine;
  throw new InputError(
    where,
    `has an affine that places no volume [${affine.slice(0, 12).join(' ')}]`,
    'Repair its sform or qform',
  );
}

/** Read here because the parser's own `affine` holds the qform where that has the larger code. */
function storedRows(bytes: Uint8Array, version: 1 | 2, littleEndian: boolean): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: 12 }, (_, i) =>
    version === 1 ? view.getFloat32(280 + 4 * i, littleEndian) : view.getFloat64(400 + 8 * i, littleEndian),
  );
}
