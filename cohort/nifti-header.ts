import { NIFTI1, type NIFTI2, readHeader } from 'nifti-reader-js';
import { InputError } from './error.ts';
import { foreignImage } from './foreign-image.ts';
import { type Datatype, datatypeOf } from './nifti-datatype.ts';
import { agree, isSound, largestTransformCode, normalized, placedAt } from './nifti-transforms.ts';
import { determinant, type Placement, type Qform, spacingOf } from './volume.ts';

/** What a NIfTI header says about its image. */
export interface Header {
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
  /** Whether an intercept was dropped, since the slope beside it is 0. */
  readonly unscaled: boolean;
  /** 4 x 4, row-major: stored voxel index to millimetres (right, anterior, superior). */
  readonly affine: readonly number[];
  /** The transforms that others may trust: sound ones that agree with the affine, in mm. */
  readonly placement: Placement;
  /** Where the header gives another unit than mm; all above is converted. */
  readonly unit: 'metre' | 'micron' | null;
  /** Whether the qform places the volume elsewhere than the sform, which was taken. */
  readonly contradicts: boolean;
  /** Whether it has a qform that describes no placement, which was left for the sform. */
  readonly damagedQform: boolean;
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
  const pair = isPair(bytes, version, where);
  const shape = shapeOf(fields.dims, where);
  return {
    version,
    littleEndian,
    pair,
    shape,
    datatype: datatypeOf(fields.datatypeCode, where),
    offset: offsetOf(fields.vox_offset, pair, version, where),
    ...scalingOf(fields, where),
    ...placementOf(fields, bytes, version, shape, where),
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
  throw foreignImage(content, where);
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

/** The magic numbers of nifti1.h and nifti2.h. */
export const magicNumbers = {
  1: { single: 'n+1\0', pair: 'ni1\0' },
  2: { single: 'n+2\0\r\n\x1a\n', pair: 'ni2\0\r\n\x1a\n' },
} as const;

/** Whether a header is that of a .hdr/.img pair. @throws InputError when its magic number is neither's to the last byte */
function isPair(bytes: Uint8Array, version: 1 | 2, where: string): boolean {
  const [start, length] = version === 1 ? [344, 4] : [4, 8];
  const magic = Buffer.from(bytes.subarray(start, start + length)).toString('latin1');
  if (magic === magicNumbers[version].pair) return true;
  if (magic === magicNumbers[version].single) return false;
  throw new InputError(
    where,
    version === 1
      ? `has the damaged magic number ${JSON.stringify(magic)}, which other tools do not take for NIfTI`
      : 'has a damaged magic number, as after a transfer that changed line ends',
    'Copy the file again, in binary mode, or make it again',
  );
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

function scalingOf(fields: NIFTI1 | NIFTI2, where: string): Pick<Header, 'slope' | 'intercept' | 'unscaled'> {
  const { scl_slope: slope, scl_inter: intercept } = fields;
  // nifti1.h: a slope of 0 means no scaling. SPM and nibabel write NaN for the same.
  if (slope === 0 || Number.isNaN(slope))
    return { slope: 1, intercept: 0, unscaled: Number.isFinite(intercept) && intercept !== 0 };
  if (Number.isFinite(slope) && Number.isFinite(intercept)) return { slope, intercept, unscaled: false };
  throw new InputError(
    where,
    `has the impossible scaling ${slope} * x + ${intercept}`,
    'Make the file again',
  );
}

/** Units of nifti1.h that are not mm. 0 (unknown) and undefined codes are taken as mm, as all tools do. */
const otherUnits = new Map<number, { unit: 'metre' | 'micron'; inMm: number }>([
  [NIFTI1.UNITS_METER, { unit: 'metre', inMm: 1000 }],
  [NIFTI1.UNITS_MICRON, { unit: 'micron', inMm: 0.001 }],
]);

const spatialUnit = 7; // the bits of xyzt_units that are not about time
const farthest = 1e9; // mm; beyond it single precision tells no voxels apart

/** The affine in mm (of the sform where its code is set, else of the qform), and what of the transforms is sound. */
function placementOf(
  fields: NIFTI1 | NIFTI2,
  bytes: Uint8Array,
  version: 1 | 2,
  shape: readonly [number, number, number],
  where: string,
): Pick<Header, 'affine' | 'placement' | 'unit' | 'contradicts' | 'damagedQform'> {
  const { unit, inMm } = otherUnits.get(fields.xyzt_units & spatialUnit) ?? { unit: null, inMm: 1 };
  const given = qformOf(fields, inMm);
  const [qfac] = fields.pixDims;
  const ambiguous = qfac < 0 && qfac !== -1; // some readers take its sign, others take 1: upside down
  const qform = isSound(given) && !ambiguous ? normalized(given) : null;
  const { sform_code: code } = fields;
  if (code < 0 || code > largestTransformCode)
    throw new InputError(where, `has the impossible sform_code ${code}`, 'Repair its sform');
  const rows = storedRows(bytes, version, fields.littleEndian).map((value) => value * inMm);
  const sform = code > 0 ? { code, rows } : null;
  if (!sform && !qform) throw unplaced(given, where);
  const affine = placedAt({ sform, qform });
  refuseImpossible(affine, where);
  const fits = qform !== null && agree(shape, affine, qform);
  return {
    affine,
    placement: { sform, qform: fits ? qform : null },
    unit,
    contradicts: qform !== null && !fits,
    damagedQform: qform === null && given.code !== 0,
  };
}

function qformOf(fields: NIFTI1 | NIFTI2, inMm: number): Qform {
  const [qfac, x, y, z] = fields.pixDims;
  return {
    code: fields.qform_code,
    quaternion: [fields.quatern_b, fields.quatern_c, fields.quatern_d],
    offset: [fields.qoffset_x * inMm, fields.qoffset_y * inMm, fields.qoffset_z * inMm],
    sizes: [x * inMm, y * inMm, z * inMm],
    handedness: qfac < 0 ? -1 : 1, // nifti1.h: 0 is taken as 1
  };
}

/** Why neither transform says where a volume is. */
function unplaced({ code, sizes }: Qform, where: string): InputError {
  return new InputError(
    where,
    code === 0
      ? 'has neither sform nor qform, so which side is left is unknown'
      : sizes.some((size) => !(size > 0))
        ? 'has no sform, and voxel sizes that are not positive'
        : 'has no sform, and a damaged qform: its quaternion is longer than 1, or its code or pixdim[0] is unknown',
    'Set its orientation (for example with fslorient, or nibabel), after checking which side is which',
  );
}

function refuseImpossible(affine: readonly number[], where: string): void {
  const sizes = spacingOf({ affine });
  const volume = Math.abs(determinant(affine));
  const flat = !(volume > 1e-6 * sizes[0] * sizes[1] * sizes[2]) || sizes.some((size) => size < 1e-6);
  if (affine.every((value) => Math.abs(value) <= farthest) && !flat) return;
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
