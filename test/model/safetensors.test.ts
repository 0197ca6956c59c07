import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../cohort/error.ts';
import { formatSafetensors, parseSafetensors } from '../../model/safetensors.ts';
import type { Weights } from '../../model/weights.ts';

const arrays = fc.dictionary(
  fc
    .string({ minLength: 1, maxLength: 20 })
    .filter((name) => name !== '__metadata__' && name !== '__proto__'),
  fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }).chain((shape) => {
    const size = shape.reduce((a, b) => a * b, 1);
    return fc
      .float32Array({ minLength: size, maxLength: size, noNaN: true })
      .map((data) => ({ shape, data, type: 'F32' as const }));
  }),
);

it('what is written is read back, metadata included', () => {
  fc.assert(
    fc.property(arrays, fc.dictionary(fc.string(), fc.string()), (record, metadata) => {
      const weights: Weights = new Map(Object.entries(record));
      const read = parseSafetensors(formatSafetensors(weights, { ...metadata }), 'file');
      expect(read.weights).toEqual(weights);
      expect(read.metadata).toEqual({ ...metadata });
    }),
  );
});

it.each([0x280, 0x380, 0x580])('a header of %d bytes is not taken for a pickle', (length) => {
  const padded = (count: number) => formatSafetensors(new Map(), { text: 'x'.repeat(count) });
  let count = 0;
  while (Buffer.from(padded(count)).readBigUInt64LE(0) < BigInt(length)) count++;
  expect(Buffer.from(padded(count)).readBigUInt64LE(0)).toBe(BigInt(length));
  expect(parseSafetensors(padded(count), 'file').metadata).toEqual({ text: 'x'.repeat(count) });
});

describe('unsound files are refused with their name', () => {
  const data = (bytes: number) => Buffer.alloc(bytes);
  const file = (header: string, body = data(8), length = header.length) => {
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(length));
    return Buffer.concat([size, Buffer.from(header), body]);
  };
  const entry = (from: number, to: number, dtype = 'F32', shape = [(to - from) / 4]) => ({
    dtype,
    shape,
    data_offsets: [from, to],
  });
  const bytesOf = (start: string) => Buffer.concat([Buffer.from(start, 'latin1'), data(40)]);
  const cases: [string, Buffer, RegExp][] = [
    ['empty', Buffer.alloc(0), /is empty/],
    ['header longer than the file', file('{}', data(0), 1000), /claims 1000 bytes/],
    ['header of terabytes', file('{}', data(0), 2 ** 45), /header claims/],
    ['a checkpoint of PyTorch', bytesOf('PK\x03\x04'), /is a checkpoint of PyTorch.*"voxmask import" first/],
    ['an old one', bytesOf('\x80\x02\x8a\x0a'), /is a checkpoint of PyTorch/],
    ['text', bytesOf('participant_id'), /it has no JSON header/],
    ['no JSON object', file('[]', data(0)), /not a JSON object/],
    ['broken JSON', file('{"a":', data(0)), /not JSON/],
    ['overlap', file(JSON.stringify({ a: entry(0, 8), b: entry(4, 8) })), /overlaps/],
    ['hole', file(JSON.stringify({ a: entry(0, 4), b: entry(8, 12) }), data(12)), /hole/],
    ['bytes left over', file(JSON.stringify({ a: entry(0, 4) })), /take 4 bytes, but 8 follow/],
    ['beyond the end', file(JSON.stringify({ a: entry(0, 16) })), /take 16 bytes, but 8 follow/],
    ['wrong shape', file(JSON.stringify({ a: entry(0, 8, 'F32', [3]) })), /another size than its shape/],
    ['negative shape', file(JSON.stringify({ a: entry(0, 8, 'F32', [-2]) })), /no shape and offsets/],
    ['unknown type', file(JSON.stringify({ a: entry(0, 8, 'C64', [1]) })), /type C64/],
    ['metadata null', file('{"__metadata__":null}', data(0)), /metadata are not texts/],
    ['metadata of numbers', file('{"__metadata__":{"a":5}}', data(0)), /metadata are not texts/],
    ['not an entry', file(JSON.stringify({ a: 5 })), /no shape and offsets/],
  ];
  for (const [name, bytes, message] of cases) {
    it(name, () => {
      expect(() => parseSafetensors(bytes, 'model.safetensors')).toThrow(message);
      expect(() => parseSafetensors(bytes, 'model.safetensors')).toThrow(InputError);
    });
  }
});

it('what no network needs is refused before it takes memory, in few words', () => {
  const entry = { dtype: 'F32', shape: [0], data_offsets: [0, 0] };
  const file = (arrays: Record<string, object>) => {
    const header = Buffer.from(JSON.stringify(arrays));
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(header.length));
    return Buffer.concat([size, header]);
  };
  const limits = { safetensorsHeaderBytes: 1000, arrays: 3, dimensions: 4 };
  const read = (arrays: Record<string, object>) => () => parseSafetensors(file(arrays), 'x', limits);
  expect(read({ a: entry, b: entry, c: entry })().weights.size).toBe(3);
  expect(read({ a: entry, b: entry, c: entry, d: entry })).toThrow(/it has 4 arrays, and no network has/);
  expect(read({ a: { ...entry, shape: [0, 1, 1, 1, 1] } })).toThrow(/"a" has 5 dimensions, more than 4/);
  expect(read({ ['a'.repeat(1000)]: entry })).toThrow(/its header is larger than 0\.000954 MiB/);
  const named = () => parseSafetensors(file({ ['n'.repeat(10_000)]: { ...entry, dtype: 'C64' } }), 'x');
  expect(named).toThrow(/"n{300}\.\.\." has the type C64/);
});

it('half and brain floats are read as their values', () => {
  const header = JSON.stringify({
    h: { dtype: 'F16', shape: [3], data_offsets: [0, 6] },
    b: { dtype: 'BF16', shape: [1], data_offsets: [6, 8] },
  });
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(header.length));
  const body = Buffer.from(Uint16Array.of(0x3c00, 0xc100, 0x0001, 0x3fc0).buffer);
  const { weights } = parseSafetensors(Buffer.concat([size, Buffer.from(header), body]), 'file');
  expect(Array.from(weights.get('h')!.data)).toEqual([1, -2.5, 2 ** -24]);
  expect(Array.from(weights.get('b')!.data)).toEqual([1.5]);
});
