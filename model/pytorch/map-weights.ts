import { InputError } from '../../cohort/error.ts';
import { clipped, listed } from '../../cohort/listed.ts';
import { type Architecture, checkArchitecture, fullyConnected, subBlocks } from '../architecture.ts';
import type { WeightArray, Weights } from '../weights.ts';

/** What weights alone do not tell of their network. */
export interface MapOptions {
  readonly inputShape: readonly [number, number, number];
  readonly classes: readonly string[];
  readonly reduction: Architecture['reduction'];
  readonly dropout: number;
  /** null where the convolutions' channels tell where blocks end */
  readonly subBlocks: readonly number[] | null;
}

/** Where an array came from and what it became. */
export interface Mapped {
  readonly from: string;
  readonly to: string;
  readonly shape: readonly number[];
}

/** A layer of the file: its name there, and its arrays by their last name. */
interface Layer {
  readonly name: string;
  readonly kind: 'convolution' | 'batchNorm' | 'linear';
  readonly arrays: ReadonlyMap<string, WeightArray>;
}

/**
 * Finds the network that weights belong to, by their shapes and order: convolutions of 3 x 3 x 3, each with its batch
 * normalisation, then fully connected layers. A block ends where the number of channels changes.
 *
 * @throws InputError for the first layer that voxmask's networks do not have, or when the weights leave a choice
 */
export function mapWeights(
  weights: Weights,
  options: MapOptions,
  where: string,
): { architecture: Architecture; weights: Weights; mapping: Mapped[] } {
  const layers = layersOf(weights, where);
  const convolutions = layers.filter(({ kind }) => kind === 'convolution');
  const norms = layers.filter(({ kind }) => kind === 'batchNorm');
  const linears = layers.filter(({ kind }) => kind === 'linear');
  convolutions.forEach((layer, i) => {
    checkConvolution(layer, i === 0 ? 1 : outputsOf(convolutions[i - 1]), where);
    const next = layers[layers.indexOf(layer) + 1];
    if (next?.kind !== 'batchNorm' || outputsOf(next) !== outputsOf(layer))
      throw unsupported(where, layer, 'has no batch normalisation of its channels behind it');
  });
  const stray = norms.find((norm) => layers[layers.indexOf(norm) - 1]?.kind !== 'convolution');
  if (stray) throw unsupported(where, stray, 'normalises no convolution');
  const counts = options.subBlocks ?? countsOf(convolutions, where);
  const given = counts.reduce((sum, count) => sum + count, 0);
  if (given !== convolutions.length) {
    throw new InputError(
      where,
      `has ${convolutions.length} convolutions, and --sub-blocks ${given}`,
      'Give --sub-blocks one number per block that add up to them',
    );
  }
  const architecture: Architecture = {
    inputShape: options.inputShape,
    channels: counts.map((_, block) => {
      const last = counts.slice(0, block + 1).reduce((sum, count) => sum + count, 0) - 1;
      return outputsOf(convolutions[last]);
    }),
    subBlocks: counts,
    reduction: options.reduction,
    fcLayers: Math.max(1, linears.length),
    dropout: options.dropout,
    classes: options.classes,
  };
  checkArchitecture(architecture, where);
  const result: Weights = new Map();
  const mapping: Mapped[] = [];
  const take = (layer: Layer | undefined, to: string, names: readonly string[], what: string) => {
    if (!layer) throw new InputError(where, `has no ${what} for ${to}`, 'Check --sub-blocks and --classes');
    for (const name of names) {
      const array = layer.arrays.get(name) ?? stand(layer, name, where);
      result.set(`${to}.${name}`, array);
      const known = layer.arrays.has(name);
      mapping.push({
        from: known ? `${layer.name}.${name}` : '(zeros)',
        to: `${to}.${name}`,
        shape: array.shape,
      });
    }
  };
  const normNames = ['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked'];
  subBlocks(architecture).forEach(({ convolution, batchNorm }, i) => {
    take(convolutions[i], convolution, ['weight', 'bias'], 'convolution');
    take(norms[i], batchNorm, normNames, 'batch normalisation');
  });
  fullyConnected(architecture).forEach(({ name, inputs, outputs }, i) => {
    const found = linears[i]?.arrays.get('weight')?.shape;
    if (found && (found[0] !== outputs || found[1] !== inputs)) {
      throw unsupported(
        where,
        linears[i],
        `is ${found[1]} into ${found[0]}, where images of ${options.inputShape.join(' x ')} voxels need ${inputs} into ${outputs}`,
      );
    }
    take(linears[i], name, ['weight', 'bias'], 'fully connected layer');
  });
  return { architecture, weights: result, mapping };
}

/** The layers in the order of the file, told by their arrays. */
function layersOf(weights: Weights, where: string): Layer[] {
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

function checkConvolution(layer: Layer, inputs: number, where: string): void {
  const { shape } = layer.arrays.get('weight')!;
  const kernel = shape.slice(2).join(' x ');
  if (kernel !== '3 x 3 x 3') throw unsupported(where, layer, `has a kernel of ${kernel}, not 3 x 3 x 3`);
  if (shape[1] !== inputs)
    throw unsupported(where, layer, `takes ${shape[1]} channels, and ${inputs} come from the layer before`);
}

/** Sub-blocks by block: those that keep their channels go on, one that changes them ends the block. */
function countsOf(convolutions: readonly Layer[], where: string): number[] {
  const counts: number[] = [];
  let current = 0;
  convolutions.forEach((layer, i) => {
    current++;
    const [outputs, inputs] = layer.arrays.get('weight')!.shape;
    if (outputs === inputs && i > 0) return;
    counts.push(current);
    current = 0;
  });
  if (current === 0) return counts;
  throw new InputError(
    where,
    'ends with convolutions that keep their channels, so its shapes do not tell where blocks end',
    'Give the sub-blocks of each block with --sub-blocks',
  );
}

function outputsOf({ arrays }: Layer): number {
  return arrays.get('weight')!.shape[0];
}

/** A bias that a layer does without is 0; the count of batches has no effect. */
function stand(layer: Layer, name: string, where: string): WeightArray {
  const size = outputsOf(layer);
  if (name === 'bias') return { shape: [size], data: new Float32Array(size), type: 'F32' };
  if (name === 'num_batches_tracked') return { shape: [], data: Float32Array.of(0), type: 'I64' };
  throw unsupported(where, layer, `has no ${name}`);
}

function unsupported(where: string, { name }: Pick<Layer, 'name'>, what: string): InputError {
  return new InputError(
    where,
    `layer ${clipped(name) || '(without a name)'} ${what}`,
    "Import networks of voxmask's form (docs/method.md, Network)",
  );
}
