import { bounds } from '../../cohort/bounds.ts';
import { InputError } from '../../cohort/error.ts';
import { clipped } from '../../cohort/listed.ts';
import { brainFloat, half } from '../half.ts';
import type { WeightArray, Weights } from '../weights.ts';
import { type ArchiveLimits, openArchive } from './archive.ts';
import { readPickle, type StorageType, type StoredTensor, type TensorStub } from './pickle.ts';
import { findStateDict } from './state-dict.ts';

/** Weights, and where in the file they stood. */
export interface Checkpoint {
  readonly weights: Weights;
  /** the key of their dictionary, as `model`; empty where the file holds nothing else */
  readonly key: string;
  /** entries of that dictionary that are no tensors, and were left out */
  readonly others: readonly string[];
  /** keys of other dictionaries of weights in the file */
  readonly rivals: readonly string[];
}

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
 * @param key of the state_dict, where a file holds several; null to find it
 * @throws InputError when it is no such file, holds no state_dict or several, or asks for code
 */
export function readPytorch(
  file: Uint8Array,
  where: string,
  limits: CheckpointLimits = bounds,
  key: string | null = null,
): Checkpoint {
  const archive = openArchive(file, limits, (why) => noCheckpoint(where, why));
  const name = [...archive.entries.keys()].find((entry) => /(^|\/)data\.pkl$/.test(entry));
  if (name === undefined) throw noCheckpoint(where, 'it has no data.pkl');
  const folder = name.slice(0, -'data.pkl'.length);
  if (archive.entries.has(`${folder}constants.pkl`)) {
    throw new InputError(
      where,
      'is a TorchScript archive, a network with its code; nothing in it was run',
      'Save its weights alone: torch.save(torch.jit.load(FILE).state_dict(), "weights.pth")',
    );
  }
  const byteOrder = `${folder}byteorder`;
  const head = archive.read([name, byteOrder], limits.pickleBytes);
  const order = head[byteOrder];
  if (order && Buffer.from(order).toString().trim() !== 'little') {
    throw new InputError(where, 'was saved on a big-endian machine', 'Save it again on a common one');
  }
  const state = findStateDict(readPickle(head[name], where), where, key);
  const { tensors } = state;
  if (tensors.size > limits.arrays)
    throw noCheckpoint(
      where,
      `it has ${tensors.size} tensors, and no network has more than ${limits.arrays}`,
    );
  const placeOf = ({ storage }: StoredTensor) => `${folder}data/${storage}`;
  // Only what the weights are in: a checkpoint may hold an optimiser's state beside them, or anything else.
  const places = new Set([...tensors.values()].map(({ stored }) => placeOf(stored)));
  const most = Math.max(limits.unpackedBytes, limits.unpackedRatio * file.length);
  const storages = archive.read([...places], most);
  for (const [key, { stored }] of tensors) {
    const bytes = storages[placeOf(stored)];
    if (!bytes) throw noCheckpoint(where, `the values of ${clipped(key)} are missing`);
    if (!isWithin(stored, bytes.length))
      throw noCheckpoint(where, `${clipped(key)} reaches beyond its values`);
  }
  refuseRepetition(tensors, Object.values(storages), where);
  const prefixed = [...tensors.keys()].every((key) => key.startsWith('module.'));
  const weights = new Map(
    [...tensors].map(([key, { stored }]): [string, WeightArray] => {
      const { buffer, byteOffset, length } = storages[placeOf(stored)];
      const values = valuesOf(stored, Buffer.from(buffer, byteOffset, length));
      return [prefixed ? key.slice('module.'.length) : key, values];
    }),
  );
  return { weights, key: state.key, others: state.others, rivals: state.rivals };
}

type CheckpointLimits = ArchiveLimits &
  Readonly<Record<'pickleBytes' | 'arrays' | 'unpackedRatio' | 'unpackedBytes', number>>;

const mostSharing = 4; // tied weights are tensors that share their values

/** Many tensors may not be views of the same values, which would take any amount of memory. */
function refuseRepetition(
  tensors: ReadonlyMap<string, TensorStub>,
  storages: readonly Uint8Array[],
  where: string,
): void {
  const stored = storages.reduce((sum, { length }) => sum + length, 0);
  const taken = [...tensors.values()].reduce((sum, { stored: { type, shape } }) => {
    return sum + sizeOf(shape) * readers[type][0];
  }, 0);
  if (taken > mostSharing * stored) throw noCheckpoint(where, 'its tensors hold more than it stores');
}

/** Whether a tensor's values are all in its storage. */
function isWithin({ type, offset, shape, strides }: StoredTensor, bytes: number): boolean {
  const size = sizeOf(shape);
  const last = shape.reduce((sum, length, i) => sum + (length - 1) * strides[i], offset);
  return (
    [offset, ...shape, ...strides].every((value) => Number.isSafeInteger(value) && value >= 0) &&
    // Nor may a few values stand for many, which would take any amount of memory.
    (size === 0 || Math.max(last + 1, size) * readers[type][0] <= bytes)
  );
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

function valuesOf({ type, offset, shape, strides }: StoredTensor, bytes: Buffer): WeightArray {
  const [width, read] = readers[type];
  const size = sizeOf(shape);
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
