import { InputError } from '../../cohort/error.ts';
import { clipped, listed } from '../../cohort/listed.ts';
import { type Architecture, checkArchitecture, fullyConnected, subBlocks } from '../architecture.ts';
import { checkWeights, type WeightArray, type Weights } from '../weights.ts';
import { type Blocks, blocksOf } from './blocks.ts';
import { checkConvolutions, inputsOf, type Layer, layersOf, outputsOf, unsupported } from './layers.ts';

/** What weights alone do not tell of their network. */
export interface MapOptions {
  readonly inputShape: readonly [number, number, number];
  /** in the order of the outputs of the file's last layer */
  readonly outputs: readonly string[];
  /** the one of them that the model has last */
  readonly under: string;
  readonly reduction: Architecture['reduction'];
  /** LeakyReLU's; null leaves the architecture without one */
  readonly slope: number | null;
  readonly dropout: number;
  /** null where the convolutions' names or channels tell where blocks end */
  readonly subBlocks: readonly number[] | null;
}

/** Where an array came from and what it became. */
export interface Mapped {
  readonly from: string;
  readonly to: string;
  readonly shape: readonly number[];
}

export interface MappedNetwork {
  readonly architecture: Architecture;
  readonly weights: Weights;
  readonly mapping: readonly Mapped[];
  /** how the blocks were found */
  readonly blocksFrom: Blocks['from'];
}

/**
 * Finds the network that weights belong to, by their shapes and order: convolutions of 3 x 3 x 3, each with its batch
 * normalisation, then fully connected layers. The outputs of the last layer are put in the order of the model's classes.
 *
 * @throws InputError for the first layer that voxmask's networks do not have, or when the weights leave a choice
 */
export function mapWeights(weights: Weights, options: MapOptions, where: string): MappedNetwork {
  const { inputShape, outputs, under, reduction, slope, dropout } = options;
  const layers = layersOf(weights, where);
  checkConvolutions(layers, where);
  const ofKind = (wanted: Layer['kind']) => layers.filter(({ kind }) => kind === wanted);
  const [convolutions, norms, linears] = [ofKind('convolution'), ofKind('batchNorm'), ofKind('linear')];
  const { counts, from: blocksFrom } = blocksOf(convolutions, options.subBlocks, where);
  const classes = [...outputs.filter((name) => name !== under), under];
  const architecture: Architecture = {
    inputShape,
    channels: counts.map((_, block) => {
      const last = counts.slice(0, block + 1).reduce((sum, count) => sum + count, 0) - 1;
      return outputsOf(convolutions[last]);
    }),
    subBlocks: counts,
    reduction,
    ...(slope === null ? {} : { slope }),
    fcLayers: Math.max(1, linears.length),
    dropout,
    classes,
  };
  checkArchitecture(architecture, where);
  checkOutputs(linears.at(-1), outputs, where);
  checkBlocks(convolutions, architecture, where);
  checkFullyConnected(linears, architecture, where);
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
  fullyConnected(architecture).forEach(({ name }, i) => {
    take(linears[i], name, ['weight', 'bias'], 'fully connected layer');
  });
  checkWeights(result, architecture, where);
  const rows = classes.map((name) => outputs.indexOf(name));
  for (const name of ['weight', 'bias'].map((part) => `fc.FC${architecture.fcLayers - 1}.0.${part}`))
    result.set(name, reordered(result.get(name)!, rows));
  return { architecture, weights: result, mapping, blocksFrom };
}

function checkOutputs(last: Layer | undefined, outputs: readonly string[], where: string): void {
  if (!last || outputsOf(last) === outputs.length) return;
  throw new InputError(
    where,
    `layer ${clipped(last.name)} has ${outputsOf(last)} outputs, and there are ${outputs.length} classes: ${listed(outputs)}`,
    'Name the class of each output, in their order, with --classes',
  );
}

/** All but a block's last convolution keep the block's channels. */
function checkBlocks(convolutions: readonly Layer[], architecture: Architecture, where: string): void {
  subBlocks(architecture).forEach(({ inputs, outputs }, i) => {
    const layer = convolutions[i];
    if (inputsOf(layer) === inputs && outputsOf(layer) === outputs) return;
    throw unsupported(
      where,
      layer,
      `takes ${inputsOf(layer)} channels into ${outputsOf(layer)}, where blocks of ` +
        `${architecture.subBlocks.join(', ')} convolutions that change their channels in the last one have ${inputs} into ${outputs}`,
    );
  });
}

/** The widths follow from the features and the classes; all that differ are named at once. */
function checkFullyConnected(linears: readonly Layer[], architecture: Architecture, where: string): void {
  const expected = fullyConnected(architecture);
  const unlike = linears.flatMap((layer, i) => {
    const { inputs, outputs } = expected[i];
    if (inputsOf(layer) === inputs && outputsOf(layer) === outputs) return [];
    const is = `${inputsOf(layer)} into ${outputsOf(layer)}`;
    return [`layer ${clipped(layer.name)} is ${is}, where voxmask's network has ${inputs} into ${outputs}`];
  });
  if (unlike.length === 0) return;
  const { inputShape, channels } = architecture;
  if (inputsOf(linears[0]) !== expected[0].inputs) {
    throw new InputError(
      where,
      `layer ${clipped(linears[0].name)} takes ${inputsOf(linears[0])} features, and images of ${inputShape.join(' x ')} voxels, ` +
        `halved by ${channels.length} blocks and rounded up, give ${expected[0].inputs}`,
      'Give an image as the network took them with --like. Networks that pool otherwise, or whose convolutions have no padding, are not supported yet',
    );
  }
  throw new InputError(
    where,
    `its fully connected layers do not fit:${listed(unlike, '\n  ')}\n`,
    "Networks with hidden layers of their own widths, such as ClinicaDL's Conv5_FC3, are not supported yet: import one with a " +
      'single fully connected layer, or train one with "voxmask train"',
  );
}

/** Rows of a weight or a bias in another order. */
function reordered(array: WeightArray, rows: readonly number[]): WeightArray {
  const width = array.data.length / rows.length;
  const data = new Float32Array(array.data.length);
  rows.forEach((row, i) => {
    data.set(array.data.subarray(row * width, (row + 1) * width), i * width);
  });
  return { ...array, data };
}

/** A bias that a layer does without is 0; the count of batches has no effect. */
function stand(layer: Layer, name: string, where: string): WeightArray {
  const size = outputsOf(layer);
  if (name === 'bias') return { shape: [size], data: new Float32Array(size), type: 'F32' };
  if (name === 'num_batches_tracked') return { shape: [], data: Float32Array.of(0), type: 'I64' };
  throw unsupported(where, layer, `has no ${name}`);
}
