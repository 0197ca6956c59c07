import { InputError } from '../cohort/error.ts';
import { pooledSize } from '../engine/ops/max-pool3d.ts';
import { convolvedSize, type Stride } from '../engine/ops/shapes.ts';

/** How a block halves its volume: by max pooling, or by stride 2 in its last convolution. */
export type Reduction = 'maxpool' | 'stride';

/** A network of docs/method.md's form; this object, as JSON, travels with the weights. */
export interface Architecture {
  /** voxels along x, y, z of the LAS-stored images */
  readonly inputShape: readonly [number, number, number];
  /** output channels of each block */
  readonly channels: readonly number[];
  /** sub-blocks (convolution, batch normalisation, LeakyReLU) of each block, 1 to 3 */
  readonly subBlocks: readonly number[];
  readonly reduction: Reduction;
  /** negative slope of every LeakyReLU; 0 is ReLU; left out, it is `defaultSlope` */
  readonly slope?: number;
  /** fully connected layers */
  readonly fcLayers: number;
  /** probability of dropping a feature before the fully connected layers */
  readonly dropout: number;
  /** names of the classes, in the order of the outputs; the last one is the class under study (AD) */
  readonly classes: readonly string[];
}

/** What the convolutional part of a network is made of. */
export type Convolutional = Pick<
  Architecture,
  'inputShape' | 'channels' | 'subBlocks' | 'reduction' | 'slope'
>;

/** LeakyReLU's negative slope where an architecture states none: PyTorch's default. */
export const defaultSlope = 0.01;

/** The network's defaults (docs/method.md; not the authors' figure 1, which the paper's text lost). */
export const defaultArchitecture = {
  channels: [8, 16, 32, 64, 128, 256, 512],
  subBlocks: [1, 1, 1, 2, 2, 3, 3],
  reduction: 'maxpool',
  fcLayers: 1,
  dropout: 0.5,
  classes: ['CN', 'AD'],
} as const;

/** More would only take memory: widths fall to the classes long before. */
const mostFullyConnected = 100;

/** One sub-block: its module name in the authors' toolkit, and its convolution. */
export interface SubBlock {
  readonly convolution: string;
  readonly batchNorm: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly stride: Stride;
  /** negative slope of its LeakyReLU */
  readonly slope: number;
  /** whether a max pooling follows */
  readonly pooled: boolean;
}

/** One fully connected layer. */
export interface FullyConnected {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
}

/**
 * The sub-blocks in order. All but a block's last keep the block's input channels. Modules are counted as in the
 * authors' toolkit: convolution, batch normalisation and LeakyReLU of each sub-block, then the pooling.
 */
export function subBlocks({
  channels,
  subBlocks: counts,
  reduction,
  slope = defaultSlope,
}: Omit<Convolutional, 'inputShape'>): SubBlock[] {
  return channels.flatMap((outputs, block) => {
    const inputs = block === 0 ? 1 : channels[block - 1];
    return Array.from({ length: counts[block] }, (_, i) => {
      const last = i === counts[block] - 1;
      const stride: Stride = last && reduction === 'stride' ? 2 : 1;
      return {
        convolution: `convolutions.conv${block}.${3 * i}`,
        batchNorm: `convolutions.conv${block}.${3 * i + 1}`,
        inputs,
        outputs: last ? outputs : inputs,
        stride,
        slope,
        pooled: last && reduction === 'maxpool',
      };
    });
  });
}

/** Channels and shape of the volume that is flattened. */
export function featureShape({
  inputShape,
  channels,
  reduction,
}: Architecture): [number, number, number, number] {
  const halve = (size: number) => (reduction === 'maxpool' ? pooledSize(size) : convolvedSize(size, 2));
  const shape = channels.reduce<readonly number[]>((sizes) => sizes.map(halve), inputShape);
  return [channels[channels.length - 1], shape[0], shape[1], shape[2]];
}

/** The fully connected layers; hidden widths fall geometrically from the flattened features to the classes. */
export function fullyConnected(architecture: Architecture): FullyConnected[] {
  const { fcLayers, classes } = architecture;
  const features = featureShape(architecture).reduce((product, size) => product * size, 1);
  const width = (i: number) => Math.round(features * (classes.length / features) ** (i / fcLayers));
  return Array.from({ length: fcLayers }, (_, i) => ({
    name: `fc.FC${i}.0`,
    inputs: width(i),
    outputs: width(i + 1),
  }));
}

/** Checks an architecture, such as one read from a file. @throws InputError naming the first fault */
export function checkArchitecture(architecture: Architecture, where: string): void {
  const { inputShape, channels, subBlocks: counts, reduction, fcLayers, dropout, classes } = architecture;
  const { slope = defaultSlope } = architecture;
  const wholes = (values: unknown, least: number, most = Number.MAX_SAFE_INTEGER) =>
    Array.isArray(values) &&
    values.length > 0 &&
    values.every((v) => Number.isInteger(v) && v >= least && v <= most);
  const faults: [bad: boolean, what: string, fix: string][] = [
    [
      !wholes(inputShape, 1) || inputShape.length !== 3,
      'inputShape is not three sizes in voxels',
      'Give it as [121, 145, 121]',
    ],
    [!wholes(channels, 1), 'channels is not a list of whole numbers from 1', 'Give one number per block'],
    [!wholes(counts, 1, 3), 'subBlocks is not a list of numbers from 1 to 3', 'Give one number per block'],
    [
      channels?.length !== counts?.length,
      'channels and subBlocks differ in length',
      'Give both one number per block',
    ],
    [
      reduction !== 'maxpool' && reduction !== 'stride',
      `reduction "${reduction}" is unknown`,
      'Use maxpool or stride',
    ],
    [
      typeof slope !== 'number' || !(slope >= 0 && slope <= 1),
      `slope ${slope} is not in [0, 1]`,
      "Use 0 for ReLU, or LeakyReLU's negative slope",
    ],
    [
      !Number.isInteger(fcLayers) || fcLayers < 1 || fcLayers > mostFullyConnected,
      `fcLayers is no whole number from 1 to ${mostFullyConnected}`,
      'Use at least one layer',
    ],
    [!(dropout >= 0 && dropout < 1), `dropout ${dropout} is not in [0, 1)`, 'Use 0.5, say'],
    [
      !Array.isArray(classes) ||
        classes.length < 2 ||
        new Set(classes).size !== classes.length ||
        !classes.every((name) => typeof name === 'string' && name !== ''),
      'classes are not at least two different names',
      'Name the classes, for example CN and AD',
    ],
  ];
  const fault = faults.find(([bad]) => bad);
  if (fault) throw new InputError(where, fault[1], fault[2]);
}
