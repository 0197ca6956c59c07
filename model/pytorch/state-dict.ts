import { InputError } from '../../cohort/error.ts';
import { listed } from '../../cohort/listed.ts';
import { TensorStub } from './pickle.ts';

/** Keys under which trainings usually save their weights, ClinicaDL's `model` and MONAI's `net` among them. */
const usualKeys = [
  'model',
  'state_dict',
  'model_state_dict',
  'network',
  'net',
  'network_weights',
  'weights',
  'model_weights',
  'net_state_dict',
  'network_state_dict',
];

const deepest = 2; // as "checkpoint.model"

export interface StateDict {
  /** where it stands in the file, as `model`; empty for the object itself */
  readonly key: string;
  readonly tensors: ReadonlyMap<string, TensorStub>;
  /** entries among the tensors that are none */
  readonly others: readonly string[];
}

/** The weights, and the keys of other dictionaries of weights beside them. */
export interface FoundStateDict extends StateDict {
  readonly rivals: readonly string[];
}

/**
 * Finds the weights in what a checkpoint holds: the object itself, or a dictionary of tensors in it.
 *
 * @param asked the key to take, with dots between nested ones; null for the only one, or the usual one
 * @throws InputError when there are none, or several and none of them under a usual key alone
 */
export function findStateDict(object: unknown, where: string, asked: string | null): FoundStateDict {
  const found = dictionariesIn(object, [], deepest, new Set());
  const named = found.filter(({ tensors }) => [...tensors.keys()].some((name) => /(^|\.)weight$/.test(name)));
  const candidates = named.length > 0 ? named : found;
  const keys = candidates.map(({ key }) => key);
  const chosen = (one: StateDict) => ({ ...one, rivals: keys.filter((key) => key !== one.key) });
  if (asked !== null) {
    const one = found.find(({ key }) => key === asked);
    if (one) return chosen(one);
    throw new InputError(
      where,
      `has no state_dict under "${asked}"`,
      keys.length > 0
        ? `It has some under ${listed(keys)}`
        : 'Save the weights: torch.save(model.state_dict(), ...)',
    );
  }
  if (candidates.length <= 1 || keys[0] === '') {
    if (candidates.length > 0) return chosen(candidates[0]);
    throw new InputError(
      where,
      'holds no state_dict',
      'Save the weights: torch.save(model.state_dict(), ...), or a dictionary that has them under a key such as "model"',
    );
  }
  const usual = candidates.filter(({ key }) => usualKeys.includes(key));
  if (usual.length === 1) return chosen(usual[0]);
  throw new InputError(where, `holds several state_dicts: ${listed(keys)}`, 'Choose one with --key');
}

/** Dictionaries that hold tensors by name, the outermost first; each is looked at once, however often it is referred to. */
function dictionariesIn(
  object: unknown,
  path: readonly string[],
  depth: number,
  seen: Set<unknown>,
): StateDict[] {
  if (!(object instanceof Map) || seen.has(object)) return [];
  seen.add(object);
  const entries = [...object].filter((entry): entry is [string, unknown] => typeof entry[0] === 'string');
  const tensors = entries.filter((entry): entry is [string, TensorStub] => entry[1] instanceof TensorStub);
  if (
    tensors.length > 0 &&
    (tensors.length === object.size || tensors.some(([name]) => /\.weight$/.test(name)))
  ) {
    const others = entries.filter(([, value]) => !(value instanceof TensorStub)).map(([name]) => name);
    return [{ key: path.join('.'), tensors: new Map(tensors), others }];
  }
  if (depth === 0) return [];
  return entries.flatMap(([name, value]) => dictionariesIn(value, [...path, name], depth - 1, seen));
}
