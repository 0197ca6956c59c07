import { Parser } from 'pickleparser';
import { sizeText } from '../../cohort/bounded-file.ts';
import { bounds } from '../../cohort/bounds.ts';
import { InputError } from '../../cohort/error.ts';
import { clipped } from '../../cohort/listed.ts';
import { bystanders } from './bystanders.ts';
import { PickleReader } from './pickle-reader.ts';

/** Where a tensor's values lie in its archive, before they are read. */
export interface StoredTensor {
  /** names an entry of the archive */
  readonly storage: string;
  readonly type: StorageType;
  /** in elements */
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** PyTorch's storage classes whose values can be read. */
export const storageTypes = [
  'DoubleStorage',
  'FloatStorage',
  'HalfStorage',
  'BFloat16Storage',
  'LongStorage',
  'IntStorage',
  'ShortStorage',
  'CharStorage',
  'ByteStorage',
  'BoolStorage',
] as const;
export type StorageType = (typeof storageTypes)[number];

/** A tensor as it stands in the pickled object. */
export class TensorStub {
  readonly stored: StoredTensor;

  constructor(stored: StoredTensor) {
    this.stored = stored;
  }
}

/** What a storage's persistent identifier says. */
interface StorageStub {
  readonly storage: string;
  readonly type: StorageType;
}

/**
 * Reads the pickled object of a PyTorch checkpoint without running anything in it: the names that a state_dict needs, and
 * those of what is often saved beside one, stand for functions of our own; every other one is refused.
 *
 * @returns dictionaries are Maps, tensors are TensorStubs
 * @throws InputError naming a global that is not known, or when the pickle is broken
 */
export function readPickle(pickle: Uint8Array, where: string): unknown {
  const parser = new Parser({
    unpicklingTypeOfDictionary: 'Map',
    nameResolver: { resolve: (module, name) => knownGlobal(`${module}.${name}`, where) },
    persistentResolver: { resolve: (id) => storageOf(id, where) },
  });
  try {
    if (pickle.length > bounds.pickleBytes)
      throw new Error(`it is larger than ${sizeText(bounds.pickleBytes)}, which no network needs`);
    return parser.read(new PickleReader(pickle));
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(
      where,
      `its pickle cannot be read (${(error as Error).message})`,
      'Save the state_dict again with torch.save, or use safetensors',
    );
  }
}

// biome-ignore lint/suspicious/noExplicitAny: the parser calls what a name stands for with whatever the file holds
type Callable = (...values: any[]) => any;

const mostArguments = 16; // _rebuild_tensor_v2 takes 7

const globals: Readonly<Record<string, Callable>> = {
  'collections.OrderedDict': () => new Map(),
  'torch._utils._rebuild_tensor_v2': (
    storage: StorageStub,
    offset: number,
    shape: number[],
    strides: number[],
  ) => {
    if (shape.length > bounds.dimensions || strides.length !== shape.length)
      throw new Error(`a tensor of ${shape.length} dimensions and ${strides.length} strides`);
    return new TensorStub({ ...storage, offset, shape: [...shape], strides: [...strides] });
  },
  'torch._utils._rebuild_parameter': (tensor: TensorStub) => tensor,
  'torch.Size': (shape: number[]) => shape,
  'torch.device': (name: string) => name,
};

function knownGlobal(name: string, where: string): Callable {
  for (const known of [globals, bystanders]) {
    if (!Object.hasOwn(known, name)) continue;
    // A function that the opcode NEWOBJ may construct as well, as it does an argparse.Namespace.
    return function called(...values) {
      if (values.length > mostArguments) throw new Error(`${values.length} arguments for ${name}`);
      return known[name](...values);
    };
  }
  const type = name.replace(/^torch\./, '');
  if ((storageTypes as readonly string[]).includes(type) && name.startsWith('torch.')) return () => type;
  throw new InputError(
    where,
    `asks for ${clipped(name)}, which is no part of a state_dict; nothing in the file was run`,
    'Save the weights alone: torch.save(model.state_dict(), "weights.pth")',
  );
}

/** ('storage', class, key, device, elements). */
function storageOf(id: unknown, where: string): StorageStub {
  if (Array.isArray(id) && id[0] === 'storage' && typeof id[1] === 'function' && typeof id[2] === 'string') {
    return { storage: id[2], type: id[1]() };
  }
  throw new InputError(
    where,
    'refers to something that is no storage',
    'Save the state_dict again with torch.save',
  );
}
