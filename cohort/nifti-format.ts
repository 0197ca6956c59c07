import { NIFTI1 } from 'nifti-reader-js';
import { datatypes } from './nifti-datatype.ts';
import { headerSizes, magicNumbers } from './nifti-header.ts';
import { placedAt } from './nifti-transforms.ts';
import { type Storage, spacingOf } from './volume.ts';

/** What a header says of a volume's values. */
export interface Content {
  /** Whether the voxels are in a file of their own (.img). */
  readonly pair: boolean;
  readonly datatype: 'float32' | 'int16' | 'uint8';
  /** value = slope * stored */
  readonly slope: number;
  /** Lowest and highest value, for display. */
  readonly range: readonly [number, number];
  readonly description: string;
}

/** Byte offsets of the fields that are written (nifti1.h, nifti2.h); all others stay 0. */
const layouts = {
  1: {
    magic: 344,
    dim: 40,
    datatype: 70,
    bitpix: 72,
    pixdim: 76,
    offset: 108,
    slope: 112,
    units: 123,
    calMax: 124,
    calMin: 128,
    description: 148,
    qformCode: 252,
    sformCode: 254,
    quaternion: 256,
    rows: 280,
  },
  2: {
    magic: 4,
    datatype: 12,
    bitpix: 14,
    dim: 16,
    pixdim: 104,
    offset: 168,
    slope: 176,
    calMax: 192,
    calMin: 200,
    description: 240,
    qformCode: 344,
    sformCode: 348,
    quaternion: 352,
    rows: 400,
    units: 500,
  },
} as const;

/**
 * A header made from nothing but what voxmask knows of the volume, and the four bytes that say that no extension follows.
 * Nothing of the input's header is copied: not its texts (aux_file, db_name, descrip, intent_name), which may name a person,
 * and not what is damaged in it.
 */
export function formatHeader(
  { placement, version, littleEndian, shape }: Storage,
  content: Content,
): Uint8Array {
  const at = layouts[version];
  const size = headerSizes[version];
  const header = new Uint8Array(size + 4);
  const view = new DataView(header.buffer);
  const setShort = (offset: number, value: number) => view.setInt16(offset, value, littleEndian);
  const setCode = (offset: number, value: number) =>
    version === 1 ? setShort(offset, value) : view.setInt32(offset, value, littleEndian);
  const step = version === 1 ? 4 : 8;
  const setReals = (offset: number, values: readonly number[]) => {
    for (const [i, value] of values.entries()) {
      if (version === 1) view.setFloat32(offset + step * i, value, littleEndian);
      else view.setFloat64(offset + step * i, value, littleEndian);
    }
  };

  view.setInt32(0, size, littleEndian);
  const magic = magicNumbers[version][content.pair ? 'pair' : 'single'];
  header.set(Buffer.from(magic, 'latin1'), at.magic);
  [3, ...shape, 1, 1, 1, 1].forEach((extent, i) => {
    if (version === 1) setShort(at.dim + 2 * i, extent);
    else view.setBigInt64(at.dim + 8 * i, BigInt(extent), littleEndian);
  });
  const datatype = datatypes.find(({ name }) => name === content.datatype)!;
  setShort(at.datatype, datatype.code);
  setShort(at.bitpix, 8 * datatype.size);
  const offset = content.pair ? 0 : size + 4;
  if (version === 1) setReals(at.offset, [offset]);
  else view.setBigInt64(at.offset, BigInt(offset), littleEndian);
  setReals(at.slope, [content.slope, 0]);
  setReals(at.calMin, [content.range[0]]);
  setReals(at.calMax, [content.range[1]]);
  header[version === 2 && !littleEndian ? at.units + 3 : at.units] = NIFTI1.UNITS_MM;
  // With a zero byte at its end, cut between characters where it is too long.
  new TextEncoder().encodeInto(content.description, header.subarray(at.description, at.description + 79));

  const { sform, qform } = placement;
  setReals(at.pixdim, [
    qform?.handedness ?? 1,
    ...(qform?.sizes ?? spacingOf({ affine: placedAt(placement) })),
  ]);
  if (sform) {
    setCode(at.sformCode, sform.code);
    setReals(at.rows, sform.rows);
  }
  if (qform) {
    setCode(at.qformCode, qform.code);
    setReals(at.quaternion, [...qform.quaternion, ...qform.offset]);
  }
  return header;
}
