import { gzipSync } from 'node:zlib';
import { InputError } from './error.ts';
import { writeFileAtomic } from './files.ts';
import { encode } from './nifti-datatype.ts';
import { splitName } from './nifti-file.ts';
import { formatHeader } from './nifti-format.ts';
import { toStored } from './orientation.ts';
import type { Grid, Storage } from './volume.ts';

export interface WriteOptions {
  /** Default float32. */
  datatype?: 'float32' | 'int16' | 'uint8';
  /** value = slope * stored; default 1. */
  slope?: number;
  /** Clipped to 79 bytes of UTF-8. */
  description?: string;
}

/**
 * Writes a canonical volume the way `like` was stored: same axis order, byte order, NIfTI version and transforms, in mm.
 * The rest of the header is made anew, so that neither damage nor names of people travel. The file's extension decides
 * the form: .nii, .nii.gz, or a pair .hdr/.img (named by either file; .gz too). The same input gives the same bytes.
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
  const { datatype = 'float32', slope = 1, description = '' } = options;
  const header = formatHeader(like.storage, { pair, datatype, slope, range: extremes(data), description });
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
