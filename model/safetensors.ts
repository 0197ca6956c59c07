import { sizeText } from '../cohort/bounded-file.ts';
import { bounds } from '../cohort/bounds.ts';
import { InputError } from '../cohort/error.ts';
import { clipped } from '../cohort/listed.ts';
import { brainFloat, half } from './half.ts';
import type { WeightArray, Weights } from './weights.ts';

type SafetensorsLimits = Readonly<Record<'safetensorsHeaderBytes' | 'arrays' | 'dimensions', number>>;

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

const BYTES: Record<string, number> = { F64: 8, F32: 4, F16: 2, BF16: 2, I32: 4, I64: 8 };

/** The safetensors file of these arrays, in their order, with text metadata. */
export function formatSafetensors(weights: Weights, metadata: Readonly<Record<string, string>>): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const [name, { shape, data, type }] of weights) {
    const end = offset + data.length * BYTES[type];
    header[name] = { dtype: type, shape, data_offsets: [offset, end] };
    offset = end;
  }
  const text = Buffer.from(JSON.stringify(header));
  const start = 8 + Math.ceil(text.length / 8) * 8;
  const file = Buffer.alloc(start + offset, ' ');
  file.writeBigUInt64LE(BigInt(start - 8), 0);
  text.copy(file, 8);
  let at = start;
  for (const { data, type } of weights.values()) {
    for (const value of data)
      at = type === 'F32' ? file.writeFloatLE(value, at) : file.writeBigInt64LE(BigInt(value), at);
  }
  return file;
}

/**
 * Reads a safetensors file. All arrays become float32 in memory.
 *
 * @param where the file's name, for messages
 * @param limits bytes of the header, arrays, and dimensions of an array, at most
 * @throws InputError for anything that is not a sound file: header too large or not JSON, too many arrays, arrays that
 *         overlap, leave holes, or end elsewhere than the file
 */
export function parseSafetensors(
  file: Uint8Array,
  where: string,
  limits: SafetensorsLimits = bounds,
): { weights: Weights; metadata: Record<string, string> } {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const unsound = (what: string) =>
    new InputError(
      where,
      `not a sound safetensors file: ${what}`,
      'Write the file again, or get an intact copy',
    );
  if (bytes.length === 0) throw new InputError(where, 'is empty', 'Copy or make the file again');
  if (bytes.length < 8) throw unsound('it has fewer than 8 bytes');
  const length = bytes.readBigUInt64LE(0);
  // Of a sound file too, the length of the header may begin with these bytes.
  const headed = length <= BigInt(bytes.length - 8) && bytes[8] === 0x7b;
  if (!headed && /^(PK\x03\x04|\x80[\x02-\x05])/.test(bytes.toString('latin1', 0, 4))) {
    throw new InputError(
      where,
      'is a checkpoint of PyTorch, or another archive, not safetensors',
      'Take a network over with "voxmask import" first',
    );
  }
  if (length > BigInt(bytes.length - 8) && bytes[8] !== 0x7b) throw unsound('it has no JSON header');
  if (length > BigInt(bytes.length - 8)) throw unsound(`its header claims ${length} bytes`);
  if (length > limits.safetensorsHeaderBytes)
    throw unsound(
      `its header is larger than ${sizeText(limits.safetensorsHeaderBytes)}, which no network needs`,
    );
  const start = 8 + Number(length);
  if (bytes[8] !== 0x7b) throw unsound('its header is not a JSON object');
  let header: Record<string, Entry | Record<string, string>>;
  try {
    header = JSON.parse(bytes.toString('utf8', 8, start));
  } catch (error) {
    throw unsound(`its header is not JSON (${(error as Error).message})`);
  }
  const { __metadata__: metadata = {}, ...arrays } = header;
  const texts = metadata !== null && typeof metadata === 'object' ? Object.values(metadata) : [null];
  if (!texts.every((text) => typeof text === 'string')) throw unsound('its metadata are not texts');
  const entries = Object.entries(arrays) as [string, Entry][];
  if (entries.length > limits.arrays)
    throw unsound(`it has ${entries.length} arrays, and no network has more than ${limits.arrays}`);
  for (const [name, entry] of entries) checkEntry(clipped(name), entry, limits.dimensions, unsound);
  checkOffsets(entries, bytes.length - start, unsound);
  const weights: Weights = new Map(entries.map(([name, entry]) => [name, readArray(bytes, start, entry)]));
  return { weights, metadata: metadata as Record<string, string> };
}

function checkEntry(name: string, entry: Entry, dimensions: number, unsound: (what: string) => Error): void {
  const whole = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
  const formed =
    Array.isArray(entry?.shape) &&
    entry.shape.every(whole) &&
    Array.isArray(entry.data_offsets) &&
    entry.data_offsets.length === 2 &&
    entry.data_offsets.every(whole);
  if (!formed) throw unsound(`array "${name}" has no shape and offsets`);
  if (entry.shape.length > dimensions)
    throw unsound(`array "${name}" has ${entry.shape.length} dimensions, more than ${dimensions}`);
  const width = Object.hasOwn(BYTES, entry.dtype) ? BYTES[entry.dtype] : undefined;
  if (!width)
    throw unsound(
      `array "${name}" has the type ${clipped(String(entry.dtype))}; F64, F32, F16, BF16, I32 and I64 can be read`,
    );
  const [from, to] = entry.data_offsets;
  if (entry.shape.reduce((product, size) => product * size, width) !== to - from)
    throw unsound(`array "${name}" has another size than its shape`);
}

function checkOffsets(
  entries: readonly [string, Entry][],
  size: number,
  unsound: (what: string) => Error,
): void {
  const order = [...entries].sort(
    ([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1],
  );
  let end = 0;
  for (const [name, { data_offsets }] of order) {
    if (data_offsets[0] !== end)
      throw unsound(
        `array "${clipped(name)}" ${data_offsets[0] < end ? 'overlaps another' : 'leaves a hole before it'}`,
      );
    end = data_offsets[1];
  }
  if (end !== size) throw unsound(`its arrays take ${end} bytes, but ${size} follow the header`);
}

function readArray(bytes: Buffer, start: number, { dtype, shape, data_offsets }: Entry): WeightArray {
  const from = start + data_offsets[0];
  const count = (data_offsets[1] - data_offsets[0]) / BYTES[dtype];
  const readers: Record<string, (i: number) => number> = {
    F64: (i) => bytes.readDoubleLE(from + 8 * i),
    F32: (i) => bytes.readFloatLE(from + 4 * i),
    F16: (i) => half(bytes.readUInt16LE(from + 2 * i)),
    BF16: (i) => brainFloat(bytes.readUInt16LE(from + 2 * i)),
    I32: (i) => bytes.readInt32LE(from + 4 * i),
    I64: (i) => Number(bytes.readBigInt64LE(from + 8 * i)),
  };
  return {
    shape,
    data: Float32Array.from({ length: count }, (_, i) => readers[dtype](i)),
    type: dtype.startsWith('I') ? 'I64' : 'F32',
  };
}
