import { unzipSync } from 'fflate';
import { InputError } from '../../cohort/error.ts';
import { brainFloat, half } from '../half.ts';
import type { WeightArray, Weights } from '../weights.ts';
import { readPickle, type StorageType, type StoredTensor, TensorStub } from './pickle.ts';

const largest = 4 * 2 ** 30; // bytes unpacked; far above any network that is trained here

/** Under which a training's other things stand beside its weights, as ClinicaDL's model.pth.tar has them. */
const wrappers = ['model', 'state_dict', 'model_state_dict', 'network'];

/** Bytes of an element, and how it is read. */
const readers: Readonly<
  Record<StorageType, readonly [bytes: number, read: (bytes: Buffer, at: number) => number]>
> = {
  DoubleStorage: [8, (bytes, at) => bytes.readDoubleLE(at)],
  FloatStorage: [4, (bytes, at) => bytes.readFloatLE(at)],
  HalfStorage: [2, (bytes, at) => half(bytes.readUInt16LE(at))],
  BFloat16Storage: [2, (bytes, at) => brainFloat(bytes.readUInt16LE(at))],
  LongStorage: [8, (bytes, at) => Number(bytes.readBigInt64LE(at))],
  IntStorage: [4, (bytes, at) => bytes.readInt32LE(at)],
  ShortStorage: [2, (bytes, at) => bytes.readInt16LE(at)],
  CharStorage: [1, (bytes, at) => bytes.readInt8(at)],
  ByteStorage: [1, (bytes, at) => bytes.readUInt8(at)],
  BoolStorage: [1, (bytes, at) => bytes.readUInt8(at)],
};

/**
 * Reads the weights of a PyTorch checkpoint (`torch.save`, the zip format of PyTorch 1.6 and newer): a state_dict, or one
 * under a key such as `model`. Nothing in the file is run. A `module.` that DataParallel puts before all names is taken off.
 *
 * @throws InputError when it is no such file, holds no state_dict, or asks for anything but tensors
 */
export function readPytorch(file: Uint8Array, where: string): Weights {
  const entries = unzipped(file, where);
  const name = Object.keys(entries).find((entry) => /(^|\/)data\.pkl$/.test(entry));
  if (name === undefined) throw noCheckpoint(where, 'it has no data.pkl');
  const folder = name.slice(0, -'data.pkl'.length);
  const order = entries[`${folder}byteorder`];
  if (order && Buffer.from(order).toString().trim() !== 'little') {
    throw new InputError(where, 'was saved on a big-endian machine', 'Save it again on a common one');
  }
  const tensors = stateOf(readPickle(entries[name], where), where);
  const prefixed = [...tensors.keys()].every((key) => key.startsWith('module.'));
  return new Map(
    [...tensors].map(([key, { stored }]): [string, WeightArray] => {
      const bytes = entries[`${folder}data/${stored.storage}`];
      if (!bytes) throw noCheckpoint(where, `the values of ${key} are missing`);
      return [prefixed ? key.slice('module.'.length) : key, valuesOf(stored, Buffer.from(bytes), key, where)];
    }),
  );
}

function unzipped(file: Uint8Array, where: string): Record<string, Uint8Array> {
  let total = 0;
  try {
    return unzipSync(file, {
      filter: ({ originalSize }) => {
        total += originalSize;
        if (total > largest) throw noCheckpoint(where, 'it unpacks to more than 4 GiB');
        return true;
      },
    });
  } catch (error) {
    if (error instanceof InputError) throw error;
    const old = file[0] === 0x80;
    throw noCheckpoint(where, old ? "it has PyTorch's old format" : (error as Error).message);
  }
}

/** The tensors by name: the object itself, or what stands under one of the usual keys. */
function stateOf(object: unknown, where: string): Map<string, TensorStub> {
  const candidates = [
    object,
    ...wrappers.map((key) => (object instanceof Map ? object.get(key) : undefined)),
  ];
  for (const candidate of candidates) {
    if (!(candidate instanceof Map) || candidate.size === 0) continue;
    if ([...candidate.values()].every((value) => value instanceof TensorStub)) return candidate;
  }
  throw new InputError(
    where,
    'holds no state_dict',
    `Save the weights: torch.save(model.state_dict(), ...), or a dictionary that has them under ${wrappers.join(', ')}`,
  );
}

function valuesOf(
  { type, offset, shape, strides }: StoredTensor,
  bytes: Buffer,
  name: string,
  where: string,
): WeightArray {
  const [width, read] = readers[type];
  const size = shape.reduce((product, length) => product * length, 1);
  const last = shape.reduce((sum, length, i) => sum + (length - 1) * strides[i], offset);
  const sound =
    [offset, ...shape, ...strides].every((value) => Number.isSafeInteger(value) && value >= 0) &&
    shape.length === strides.length &&
    // Nor may a few values stand for many, which would take any amount of memory.
    (size === 0 || Math.max(last + 1, size) * width <= bytes.length);
  if (!sound) throw noCheckpoint(where, `${name} reaches beyond its values`);
  const data = new Float32Array(size);
  const index = shape.map(() => 0);
  let at = offset;
  for (let i = 0; i < size; i++) {
    data[i] = read(bytes, at * width);
    // The next element: the last index that is not at its end goes on, those behind it start again.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis];
      if (++index[axis] < shape[axis]) break;
      at -= shape[axis] * strides[axis];
      index[axis] = 0;
    }
  }
  return { shape, data, type: /^(Long|Int|Short|Char|Byte|Bool)/.test(type) ? 'I64' : 'F32' };
}

function noCheckpoint(where: string, why: string): InputError {
  return new InputError(
    where,
    `is no checkpoint of PyTorch that can be read: ${why}`,
    'Save it with torch.save of PyTorch 1.6 or newer, or as safetensors',
  );
}
