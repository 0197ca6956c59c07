import { zipSync } from 'fflate';
import { describe, expect, it, vi } from 'vitest';
import { bounds } from '../../../cohort/bounds.ts';
import { InputError } from '../../../cohort/error.ts';
import { readPytorch } from '../../../model/pytorch/checkpoint.ts';

const text = (value: string) => {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return Buffer.concat([Buffer.from('X'), length, bytes]);
};
const whole = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return Buffer.concat([Buffer.from('J'), bytes]);
};

/** The opcodes of a vector of float32 whose values are all of a storage, or its first ones. */
const vector = (storage: string, size: number) =>
  Buffer.concat([
    Buffer.from('ctorch._utils\n_rebuild_tensor_v2\n(('),
    ...[text('storage'), Buffer.from('ctorch\nFloatStorage\n'), text(storage), text('cpu'), whole(size)],
    ...[Buffer.from('tQK\x00'), whole(size), Buffer.from([0x85]), Buffer.from('K\x01'), Buffer.from([0x85])],
    Buffer.from([0x89, 0x4e, 0x74, 0x52]), // requires_grad False, hooks None; TUPLE, REDUCE
  ]);

/** The pickle of an OrderedDict of tensors. */
const stateDict = (tensors: Record<string, Buffer>) =>
  Buffer.concat([
    Buffer.from('\x80\x02ccollections\nOrderedDict\n)R(', 'latin1'),
    ...Object.entries(tensors).flatMap(([name, tensor]) => [text(name), tensor]),
    Buffer.from('u.'),
  ]);

const archive = (pickle: Uint8Array, storages: Record<string, Uint8Array>, level: 0 | 9 = 0) =>
  zipSync(
    {
      'a/data.pkl': pickle,
      ...Object.fromEntries(Object.entries(storages).map(([name, bytes]) => [`a/data/${name}`, bytes])),
    },
    { level },
  );
const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const two = stateDict({ w: vector('0', 2) });

describe('a checkpoint', () => {
  it('is read whether its files are packed or not', () => {
    for (const level of [0, 9] as const) {
      const { weights } = readPytorch(archive(two, { 0: floats(1.5, -2) }, level), 'x');
      expect([...weights.get('w')!.data]).toEqual([1.5, -2]);
    }
  });

  it('has only that unpacked which its weights are in', () => {
    const file = archive(two, { 0: floats(1, 2), optimiser: new Uint8Array(2 ** 20) }, 9);
    const limits = { ...bounds, unpackedBytes: 64 };
    expect(readPytorch(file, 'x', limits).weights.size).toBe(1);
    const used = archive(stateDict({ w: vector('0', 2 ** 18) }), { 0: new Uint8Array(2 ** 20) }, 9);
    expect(used.length).toBeLessThan(4000);
    expect(readPytorch(used, 'x').weights.size).toBe(1); // small enough at any rate
    expect(() => readPytorch(used, 'x', limits)).toThrow(/what is needed of it unpacks to more than/);
  });

  it('may have a few tensors of the same values, but not many', () => {
    const tied = (count: number) => {
      const names = Array.from({ length: count }, (_, i) => `w${i}`);
      const tensors = Object.fromEntries(names.map((name) => [name, vector('0', 2)]));
      return archive(stateDict(tensors), { 0: floats(1, 2) });
    };
    expect(readPytorch(tied(4), 'x').weights.size).toBe(4);
    expect(() => readPytorch(tied(5), 'x')).toThrow(/its tensors hold more than it stores/);
  });

  it('with more files, tensors or pickle than any network is refused', () => {
    const file = archive(two, { 0: floats(1, 2), 1: floats(1), 2: floats(1) });
    const read = (limits: object) => () => readPytorch(file, 'x', { ...bounds, ...limits });
    expect(read({ archiveEntries: 4 })().weights.size).toBe(1);
    expect(read({ archiveEntries: 3 })).toThrow(/it holds more than 3 files/);
    expect(read({ arrays: 0 })).toThrow(/it has 1 tensors/);
    expect(read({ pickleBytes: two.length - 1 })).toThrow(/unpacks to more than/);
  });
});

it('is told from a TorchScript archive, whose code is not run, and from a damaged one', () => {
  const script = zipSync({
    'net/data.pkl': Buffer.from('c__torch__\nNet\n)R.'),
    'net/constants.pkl': Buffer.from(').'),
    'net/code/__torch__.py': Buffer.from('raise'),
  });
  expect(() => readPytorch(script, 'net.pt')).toThrow(
    /net\.pt: is a TorchScript archive.*nothing in it was run\. Save its weights alone: torch\.save\(torch\.jit\.load/,
  );
  const cut = archive(two, { 0: floats(1, 2) }).subarray(0, 200);
  expect(() => readPytorch(cut, 'cut.pth')).toThrow(/its archive is damaged or cut short, so copy it again/);
});

describe('a pickle that would compute for long', () => {
  const cases: [string, Buffer, RegExp][] = [
    ['lengths below 0, which lead backwards', Buffer.from([0x42, ...[0xfb, 0xff, 0xff, 0xff]]), /-5 bytes/],
    ['a text of megabytes', Buffer.concat([text('x'.repeat(70_000)), Buffer.from('.')]), /70000 bytes/],
    ['a whole number of many digits', Buffer.from([0x8b, 0, 1, 0, 0, ...Buffer.alloc(256)]), /opcode LONG4/],
    [
      'calls with thousands of arguments',
      Buffer.concat([
        Buffer.from('ccollections\nOrderedDict\n('),
        Buffer.alloc(1000, 'N'),
        Buffer.from('tR.'),
      ]),
      /1000 arguments for collections\.OrderedDict/,
    ],
    ['states set again and again', Buffer.from(`}${'}b'.repeat(101)}.`), /the state of too many objects/],
  ];
  it.each(cases)('is refused: %s', (_, pickle, message) => {
    const read = () => readPytorch(archive(pickle, {}), 'x');
    expect(read).toThrow(message);
    expect(read).toThrow(InputError);
  });

  it('is refused for the dimensions of a tensor', () => {
    const shape = Buffer.concat([Buffer.from('('), Buffer.alloc(40, Buffer.from('K\x01')), Buffer.from('t')]);
    const tensor = Buffer.concat([
      Buffer.from('ctorch._utils\n_rebuild_tensor_v2\n(NK\x00'),
      ...[shape, shape, Buffer.from([0x89, 0x4e, 0x74, 0x52])],
    ]);
    const read = () => readPytorch(archive(stateDict({ w: tensor }), {}), 'x');
    expect(read).toThrow(/a tensor of 20 dimensions/);
  });
});

describe('what stands beside the weights', () => {
  const beside = (extra: Buffer) =>
    Buffer.concat([
      Buffer.from('}('),
      text('net'),
      two.subarray(0, -1),
      text('extra'),
      extra,
      Buffer.from('u.'),
    ]);
  const read = (extra: Buffer) => readPytorch(archive(beside(extra), { 0: floats(1, 2) }), 'x');

  it.each([
    ["a number of NumPy's first version", 'cnumpy.core.multiarray\nscalar\n(tR'],
    ['an array with its state', 'cnumpy._core.multiarray\n_reconstruct\n(tR(K\x01K\x02tb'],
    ['command-line arguments', 'cargparse\nNamespace\n)\x81}b'],
    ["an optimiser's dictionary", 'ccollections\ndefaultdict\n(c__builtin__\ndict\ntR'],
  ])('is left alone: %s', (_, pickle) => {
    const { weights, key } = read(Buffer.from(pickle, 'latin1'));
    expect([...weights.get('w')!.data]).toEqual([1, 2]);
    expect(key).toBe('net');
  });

  it.each(['builtins\neval', 'builtins\ngetattr', 'numpy\nload', 'argparse\nconstructor', 'torch\nload'])(
    'is refused when it asks for code: %j',
    (name) =>
      expect(() => read(Buffer.from(`c${name}\n(tR`))).toThrow(/which is no part of a state_dict; nothing/),
  );

  it('is refused when it constructs objects again and again, or with what cannot construct', () => {
    const objects = Buffer.from('cargparse\nNamespace\n)\x810'.repeat(101), 'latin1');
    expect(() => read(Buffer.concat([objects, Buffer.from('N')]))).toThrow(/constructs too many objects/);
    expect(() => read(Buffer.from('K\x01)\x81', 'latin1'))).toThrow(InputError);
  });

  it('is looked at once, however often a pickle refers to it', () => {
    const names = Array.from({ length: 3000 }, (_, i) => text(`k${i}`));
    const wide = Buffer.concat([
      Buffer.from('}q\x00(', 'latin1'),
      ...names.flatMap((name) => [name, Buffer.from('N')]),
      Buffer.from('u'),
    ]);
    const again = names.flatMap((name) => [name, Buffer.from('h\x00', 'latin1')]);
    const get = vi.spyOn(Map.prototype, Symbol.iterator);
    try {
      read(Buffer.concat([Buffer.from('}('), text('first'), wide, ...again, Buffer.from('u')]));
      const visits = get.mock.contexts.filter((map) => (map as Map<unknown, unknown>).size === 3000).length;
      expect(visits).toBe(1);
    } finally {
      get.mockRestore();
    }
  });
});

it('of several dictionaries of tensors the one under a usual key is taken, else the user chooses', () => {
  const tensors = stateDict({ 'a.weight': vector('0', 2) }).subarray(0, -1);
  const file = (...keys: string[]) => {
    const entries = keys.flatMap((key) => [text(key), tensors]);
    return archive(Buffer.concat([Buffer.from('}('), ...entries, Buffer.from('u.')]), { 0: floats(1, 2) });
  };
  expect(readPytorch(file('ema', 'state_dict'), 'x').key).toBe('state_dict');
  expect(() => readPytorch(file('ema', 'generator'), 'x')).toThrow(/several state_dicts: ema, generator/);
  expect(() => readPytorch(file('model', 'net'), 'x')).toThrow(/several state_dicts: model, net/);
  expect(readPytorch(file('model', 'net'), 'x', bounds, 'net').key).toBe('net');
});
