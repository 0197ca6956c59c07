/** One value of one curve. */
export interface Scalar {
  readonly step: number;
  /** seconds; TensorBoard shows what passed between the first and this one */
  readonly time: number;
  readonly tag: string;
  readonly value: number;
}

/**
 * An event file of TensorBoard: records (length, its checksum, data, its checksum) of the protocol buffers `Event`, whose
 * fields are wall_time 1, step 2, file_version 3, summary 5; a summary's value 1 has the tag 1 and the simple_value 2.
 */
export function formatEvents(scalars: readonly Scalar[]): Uint8Array {
  const start = scalars[0]?.time ?? 0;
  const version = record(Buffer.concat([double(1, start), bytes(3, Buffer.from('brain.Event:2'))]));
  const events = scalars.map(({ step, time, tag, value }) => {
    const point = Buffer.concat([bytes(1, Buffer.from(tag)), float(2, value)]);
    return record(Buffer.concat([double(1, time), whole(2, step), bytes(5, bytes(1, point))]));
  });
  return Buffer.concat([version, ...events]);
}

function record(data: Buffer): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(data.length));
  return Buffer.concat([length, checksum(length), data, checksum(data)]);
}

/** CRC-32C, rotated and shifted as TFRecord has it. */
function checksum(data: Uint8Array): Buffer {
  let crc = 0xffffffff;
  for (const byte of data) crc = crcTable[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  const plain = (crc ^ 0xffffffff) >>> 0;
  const masked = (((plain >>> 15) | (plain << 17)) + 0xa282ead8) >>> 0;
  const result = Buffer.alloc(4);
  result.writeUInt32LE(masked);
  return result;
}

/** Castagnoli's polynomial, reflected. */
const crcTable = Uint32Array.from({ length: 256 }, (_, i) => {
  let value = i;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value;
});

function varint(value: number): Buffer {
  const result: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) result.push((rest % 0x80) | 0x80);
  return Buffer.from([...result, rest]);
}

const whole = (field: number, value: number) => Buffer.concat([varint(field * 8), varint(value)]);

function double(field: number, value: number): Buffer {
  const content = Buffer.alloc(8);
  content.writeDoubleLE(value);
  return Buffer.concat([varint(field * 8 + 1), content]);
}

const bytes = (field: number, content: Buffer) =>
  Buffer.concat([varint(field * 8 + 2), varint(content.length), content]);

function float(field: number, value: number): Buffer {
  const content = Buffer.alloc(4);
  content.writeFloatLE(value);
  return Buffer.concat([varint(field * 8 + 5), content]);
}
