import { gzipSync } from 'node:zlib';
import { InputError } from './error.ts';
import { writeFileAtomic } from './files.ts';
import { datatypes, encode } from './nifti-datatype.ts';
import { splitName } from './nifti-file.ts';
import { headerSizes } from './nifti-header.ts';
import { toStored } from './orientation.ts';
import type { Grid, Storage } from './volume.ts';

export interface WriteOptions {
  /** Default float32. */
  datatype?: 'float32' | 'int16' | 'uint8';
  /** value = slope * stored; default 1. */
  slope?: number;
  /** Replaces the header's description; clipped to 79 bytes of UTF-8. */
  description?: string;
}

/** Byte offsets of the fields that are patched (nifti1.h, nifti2.h). */
const layouts = {
  1: {
    dim: 40,
    intent: [56, 60, 64],
    intentCode: 68,
    datatype: 70,
    bitpix: 72,
    offset: 108,
    slope: 112,
    intercept: 116,
    calMax: 124,
    calMin: 128,
    description: 148,
    intentName: 328,
    magic: 344,
  },
  2: {
    dim: 16,
    intent: [80, 88, 96],
    intentCode: 504,
    datatype: 12,
    bitpix: 14,
    offset: 168,
    slope: 176,
    intercept: 184,
    calMax: 192,
    calMin: 200,
    description: 240,
    intentName: 508,
    magic: 4,
  },
} as const;

/**
 * Writes a canonical volume the way `like` was stored: same axis order, byte order and NIfTI version, the affine, the
 * sform and qform codes and the units untouched. Datatype, scaling, display range, intent and description are its own;
 * header extensions are dropped. The name's extension decides the form: .nii, .nii.gz, or a pair .hdr/.img (named by
 * either file; .gz too). The same input gives the same bytes.
 *
 * @param data canonical values, of like.grid's shape; finite, and within the datatype's range once divided by the slope
 * @throws InputError when the name has another extension or the file cannot be written
 */
export function writeVolume(
  path: string,
  data: Float32Array,
  like: { grid: Grid; storage: Storage },
  options: WriteOptions = {},
): void {
  const name = splitName(path);
  if (!name) throw new InputError(path, 'has no extension of NIfTI', 'Name it .nii, .nii.gz, .hdr or .img');
  const { shape, orientation, littleEndian } = like.storage;
  if (data.length !== shape[0] * shape[1] * shape[2]) {
    throw new RangeError(`${data.length} values for a volume of ${shape.join(' x ')} voxels`);
  }
  const pair = name.kind !== 'nii';
  const header = patchedHeader(like.storage, data, pair, options);
  const image = encode(quantised(toStored(data, shape, orientation), options), littleEndian);
  const save = (file: string, bytes: Uint8Array) => writeFileAtomic(file, name.gzip ? pack(bytes) : bytes);
  if (pair) {
    const ending = name.gzip ? '.gz' : '';
    save(`${name.stem}.img${ending}`, image);
    save(`${name.stem}.hdr${ending}`, header);
  } else {
    save(path, Buffer.concat([header, image]));
  }
}

/** The header and the four bytes that say that no extension follows. */
function patchedHeader(
  storage: Storage,
  data: Float32Array,
  pair: boolean,
  options: WriteOptions,
): Uint8Array {
  const { version, littleEndian, shape } = storage;
  const at = layouts[version];
  const size = headerSizes[version];
  const header = new Uint8Array(size + 4);
  header.set(storage.header);
  const view = new DataView(header.buffer);
  const setReal = (offset: number, value: number) =>
    version === 1
      ? view.setFloat32(offset, value, littleEndian)
      : view.setFloat64(offset, value, littleEndian);
  const datatype = datatypes.find((candidate) => candidate.name === (options.datatype ?? 'float32'))!;

  [3, ...shape, 1, 1, 1, 1].forEach((extent, i) => {
    if (version === 1) view.setInt16(at.dim + 2 * i, extent, littleEndian);
    else view.setBigInt64(at.dim + 8 * i, BigInt(extent), littleEndian);
  });
  view.setInt16(at.datatype, datatype.code, littleEndian);
  view.setInt16(at.bitpix, 8 * datatype.size, littleEndian);
  const offset = pair ? 0 : size + 4;
  if (version === 1) view.setFloat32(at.offset, offset, littleEndian);
  else view.setBigInt64(at.offset, BigInt(offset), littleEndian);
  setReal(at.slope, options.slope ?? 1);
  setReal(at.intercept, 0);
  const [lowest, highest] = extremes(data);
  setReal(at.calMin, lowest);
  setReal(at.calMax, highest);

  // The values no longer mean what the input's did (labels, a statistic), so its intent goes.
  for (const parameter of at.intent) setReal(parameter, 0);
  if (version === 1) view.setInt16(at.intentCode, 0, littleEndian);
  else view.setInt32(at.intentCode, 0, littleEndian);
  header.fill(0, at.intentName, at.intentName + 16);
  if (options.description !== undefined) setText(header, at.description, 80, options.description);
  header[at.magic + 1] = (pair ? 'i' : '+').charCodeAt(0);
  return header;
}

/** Writes UTF-8 that ends with a zero byte, cut between characters where it is too long. */
function setText(header: Uint8Array, offset: number, size: number, text: string): void {
  header.fill(0, offset, offset + size);
  new TextEncoder().encodeInto(text, header.subarray(offset, offset + size - 1));
}

function extremes(data: Float32Array): [number, number] {
  let lowest = data[0];
  let highest = data[0];
  for (const value of data) {
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
  }
  return [lowest, highest];
}

const ranges = { int16: [-32768, 32767], uint8: [0, 255] } as const;

function quantised(values: Float32Array, { datatype = 'float32', slope = 1 }: WriteOptions) {
  if (!Number.isFinite(slope) || slope === 0) throw new RangeError(`slope ${slope}`);
  if (datatype === 'float32') return slope === 1 ? values : values.map((value) => value / slope);
  const [least, most] = ranges[datatype];
  const stored = datatype === 'int16' ? new Int16Array(values.length) : new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const whole = Math.round(values[i] / slope);
    if (!(whole >= least && whole <= most)) {
      throw new RangeError(`${values[i]} does not fit ${datatype} with slope ${slope}`);
    }
    stored[i] = whole;
  }
  return stored;
}

/** gzip whose bytes depend on the content alone: zlib leaves the time at 0, and the system's code is set to unknown. */
function pack(bytes: Uint8Array): Uint8Array {
  const packed = gzipSync(bytes);
  packed[9] = 255;
  return packed;
}
