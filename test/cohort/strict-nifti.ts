/** A strict reader of NIfTI headers, laid out from nifti1.h and nifti2.h without any of the code under test. */

/** What other readers take from a file: its affine (4 x 4, row-major) as stored. */
export interface StrictHeader {
  readonly affine: readonly number[];
  readonly units: number;
}

interface Reading {
  /** numbers of the file, by place and count */
  readonly reals: (at: number, count: number) => number[];
  readonly short: (at: number) => number;
  readonly code: (at: number) => number;
  readonly extent: (at: number) => number;
}

const places = {
  1: { magic: 344, dim: 40, type: 70, bits: 72, pixdim: 76, qcode: 252, quatern: 256, rows: 280, units: 123 },
  2: { magic: 4, dim: 16, type: 12, bits: 14, pixdim: 104, qcode: 344, quatern: 352, rows: 400, units: 500 },
} as const;

const bitsOf: Record<number, number> = { 2: 8, 4: 16, 16: 32 };
const single = 3 * 2 ** -23; // what nibabel allows a quaternion of single precision; three times its epsilon

/** @returns what is wrong with a .nii file for a strict reader; nothing where all is right */
export function strictFaults(file: Uint8Array): { faults: string[]; header: StrictHeader } {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const little = [348, 540].includes(view.getInt32(0, true));
  const size = view.getInt32(0, little);
  const faults: string[] = [];
  const require = (holds: boolean, what: string) => {
    if (!holds) faults.push(what);
  };
  require(size === 348 || size === 540, `sizeof_hdr ${size}`);
  const version = size === 540 ? 2 : 1;
  const at = places[version];
  const read = readingOf(view, version, little);

  const magic = Buffer.from(file.subarray(at.magic, at.magic + (version === 1 ? 4 : 8))).toString('latin1');
  require(magic === (version === 1 ? 'n+1\0' : 'n+2\0\r\n\x1a\n'), `magic ${JSON.stringify(magic)}`);
  const dim = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => read.extent(at.dim + (version === 1 ? 2 : 8) * i));
  require(dim[0] === 3 && dim.slice(1).every((extent) => extent >= 1), `dim ${dim}`);
  const [type, bits] = [read.short(at.type), read.short(at.bits)];
  require(bitsOf[type] === bits, `datatype ${type} of ${bits} bits`);
  const offset = version === 1 ? view.getFloat32(108, little) : Number(view.getBigInt64(168, little));
  require(offset === size + 4, `vox_offset ${offset}`);
  require(file.length === offset + (dim[1] * dim[2] * dim[3] * bits) / 8, `${file.length} bytes`);
  require(view.getUint32(size, little) === 0, 'an extension');
  const units = version === 1 ? file[at.units] : view.getInt32(at.units, little);

  const [qfac, ...sizes] = read.reals(at.pixdim, 4);
  require(qfac === 1 || qfac === -1, `qfac ${qfac}`);
  require(sizes.every((length) => length > 0 && Number.isFinite(length)), `pixdim ${sizes}`);
  const [qcode, scode] = [read.code(at.qcode), read.code(at.qcode + (version === 1 ? 2 : 4))];
  require([qcode, scode].every((code) => code >= 0 && code <= 5) &&
    qcode + scode > 0, `codes ${qcode} ${scode}`);
  const [b, c, d, ...origin] = read.reals(at.quatern, 6);
  const norm = b * b + c * c + d * d;
  require(norm <= 1 + (version === 1 ? single : 3 * Number.EPSILON), `quaternion of norm^2 ${norm}`);
  const qform = rotated([b, c, d], [sizes[0], sizes[1], qfac * sizes[2]], origin);
  const sform = read.reals(at.rows, 12);
  const affine = scode > 0 ? sform : qform;
  require(affine.every(Number.isFinite), `affine ${affine}`);
  for (const [axis, length] of sizes.entries()) {
    const column = Math.hypot(affine[axis], affine[4 + axis], affine[8 + axis]);
    require(Math.abs(column / length - 1) < 0.3, `pixdim ${length} beside an axis of ${column}`);
  }
  if (qcode > 0 && scode > 0) {
    // The last voxel's place by the one and by the other.
    const place = (m: readonly number[], row: number) =>
      m[4 * row] * (dim[1] - 1) +
      m[4 * row + 1] * (dim[2] - 1) +
      m[4 * row + 2] * (dim[3] - 1) +
      m[4 * row + 3];
    const apart = Math.hypot(...[0, 1, 2].map((row) => place(qform, row) - place(sform, row)));
    require(apart <= Math.min(...sizes) / 3, `sform and qform ${apart} mm apart`);
  }
  return { faults, header: { affine: [...affine, 0, 0, 0, 1], units } };
}

function readingOf(view: DataView, version: 1 | 2, little: boolean): Reading {
  const one = version === 1;
  return {
    reals: (at, count) =>
      Array.from({ length: count }, (_, i) =>
        one ? view.getFloat32(at + 4 * i, little) : view.getFloat64(at + 8 * i, little),
      ),
    short: (at) => view.getInt16(at, little),
    code: (at) => (one ? view.getInt16(at, little) : view.getInt32(at, little)),
    extent: (at) => (one ? view.getInt16(at, little) : Number(view.getBigInt64(at, little))),
  };
}

/** A quaternion's rotation times voxel sizes, with an origin: three rows of four. */
function rotated([b, c, d]: number[], sizes: readonly number[], origin: readonly number[]): number[] {
  const a = Math.sqrt(Math.max(0, 1 - b * b - c * c - d * d));
  const rotation = [
    [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
    [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
    [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
  ];
  return rotation.flatMap((row, i) => [...row.map((value, axis) => value * sizes[axis]), origin[i]]);
}
