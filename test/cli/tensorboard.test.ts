import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatEvents } from '../../cli/jobs/tensorboard.ts';

/** CRC-32C bit by bit, masked as TFRecord has it. */
function masked(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  const plain = ~crc >>> 0;
  return (((plain >>> 15) | (plain << 17)) + 0xa282ead8) >>> 0;
}

/** The records of a file, their checksums compared. */
function recordsOf(file: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    expect(file.readUInt32LE(at + 8)).toBe(masked(file.subarray(at, at + 8)));
    const data = file.subarray(at + 12, at + 12 + length);
    expect(file.readUInt32LE(at + 12 + length)).toBe(masked(data));
    records.push(data);
    at += 16 + length;
  }
  return records;
}

it('writes records that TensorBoard reads, bytes as its own writer has them', () => {
  const file = Buffer.from(formatEvents([{ step: 300, time: 1.5, tag: 'loss', value: 0.25 }]));
  const [version, event] = recordsOf(file);
  expect(version.toString('hex')).toBe(
    `09${'000000000000f83f'}1a0d${Buffer.from('brain.Event:2').toString('hex')}`,
  );
  // wall_time, step as a varint, summary { value { tag, simple_value } }
  expect(event.toString('hex')).toBe(
    `09${'000000000000f83f'}10ac022a0d0a0b0a04${Buffer.from('loss').toString('hex')}15${'0000803e'}`,
  );
  expect(masked(Buffer.from('123456789'))).toBe(
    (((0xe3069283 >>> 15) | (0xe3069283 << 17)) + 0xa282ead8) >>> 0,
  );
});

it('keeps every value, however large its step', () => {
  const scalar = fc.record({
    step: fc.nat({ max: 2 ** 40 }),
    time: fc.double({ min: 0, max: 1e6, noNaN: true }),
    tag: fc.constantFrom('train_loss', 'auc'),
    value: fc.float({ noNaN: true, noDefaultInfinity: true }),
  });
  fc.assert(
    fc.property(fc.array(scalar, { maxLength: 8 }), (scalars) => {
      const [, ...events] = recordsOf(Buffer.from(formatEvents(scalars)));
      expect(events).toHaveLength(scalars.length);
      events.forEach((event, i) => {
        expect(event.readDoubleLE(1)).toBe(scalars[i].time);
        expect(event.readFloatLE(event.length - 4)).toBe(scalars[i].value);
      });
    }),
  );
});
