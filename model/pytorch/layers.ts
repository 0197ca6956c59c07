import { InputError } from '../../cohort/error.ts';
import { clipped, listed } from '../../cohort/listed.ts';
import type { WeightArray, Weights } from '../weights.ts';

/** A layer of the file: its name there, and its arrays by their last name. */
export interface Layer {
  readonly name: string;
  readonly kind: 'convolution' | 'batchNorm' | 'linear';
  readonly arrays: ReadonlyMap<string, WeightArray>;
}

/**
 * The layers in the order of the file, told apart by their arrays.
 *
 * @throws InputError for the first that is no 3D convolution, batch normalisation or linear layer, or holds NaN
 */
export function layersOf(weights: Weights, where: string): Layer[] {
  refuseNotFinite(weights, where);
  const groups = new Map<string, Map<string, WeightArray>>();
  for (const [name, array] of weights) {
    const dot = name.lastIndexOf('.');
    const layer = name.slice(0, Math.max(0, dot));
    groups.set(layer, (groups.get(layer) ?? new Map()).set(name.slice(dot + 1), array));
  }
  return [...groups].map(([name, arrays]): Layer => {
    const weight = arrays.get('weight');
    const layer = { name, arrays, kind: 'linear' } as const;
    if (arrays.has('running_mean') && weight) return { ...layer, kind: 'batchNorm' };
    if (weight?.shape.length === 5) return { ...layer, kind: 'convolution' };
    if (weight?.shape.length === 2) return layer;
    const shape = weight
      ? `a weight of shape ${weight.shape.join(' x ')}`
      : `the arrays ${listed([...arrays.keys()])}`;
    throw unsupported(
      where,
      layer,
      `has ${shape}, which is no 3D convolution, batch normalisation or linear layer`,
    );
  });
}

/** Convolutions of 3 x 3 x 3 that take each other's channels, each with its batch normalisation. @throws InputError */
export function checkConvolutions(layers: readonly Layer[], where: string): void {
  const convolutions = layers.filter(({ kind }) => kind === 'convolution');
  convolutions.forEach((layer, i) => {
    checkConvolution(layer, i === 0 ? 1 : outputsOf(convolutions[i - 1]), where);
    const next = layers[layers.indexOf(layer) + 1];
    if (next?.kind !== 'batchNorm' || outputsOf(next) !== outputsOf(layer))
      throw unsupported(where, layer, 'has no batch normalisation of its channels behind it');
  });
  const stray = layers.find(({ kind }, i) => kind === 'batchNorm' && layers[i - 1]?.kind !== 'convolution');
  if (stray) throw unsupported(where, stray, 'normalises no convolution');
}

function checkConvolution(layer: Layer, inputs: number, where: string): void {
  const { shape } = layer.arrays.get('weight')!;
  const kernel = shape.slice(2).join(' x ');
  if (kernel !== '3 x 3 x 3') throw unsupported(where, layer, `has a kernel of ${kernel}, not 3 x 3 x 3`);
  if (shape[1] !== inputs)
    throw unsupported(where, layer, `takes ${shape[1]} channels, and ${inputs} come from the layer before`);
}

/** Output channels or features. */
export function outputsOf({ arrays }: Layer): number {
  return arrays.get('weight')!.shape[0];
}

/** Input channels or features. */
export function inputsOf({ arrays }: Layer): number {
  return arrays.get('weight')!.shape[1];
}

export function unsupported(where: string, { name }: Pick<Layer, 'name'>, what: string): InputError {
  return new InputError(
    where,
    `layer ${clipped(name) || '(without a name)'} ${what}`,
    "Import networks of voxmask's form (docs/method.md, Network)",
  );
}

/** A training that diverged leaves NaN in its checkpoint. */
function refuseNotFinite(weights: Weights, where: string): void {
  for (const [name, { data }] of weights) {
    const bad = data.reduce((count, value) => count + Number(!Number.isFinite(value)), 0);
    if (bad > 0)
      throw new InputError(
        where,
        `${clipped(name)} contains NaN or infinity in ${bad} of ${data.length} values`,
        'Import a checkpoint from before the training diverged',
      );
    const negative = /(^|\.)running_var$/.test(name) && data.some((value) => value < 0);
    if (negative)
      throw new InputError(where, `${clipped(name)} contains a variance below 0`, 'Save the weights again');
  }
}
