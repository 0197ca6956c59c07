import { InputError } from '../cohort/error.ts';
import { listed } from '../cohort/listed.ts';
import { RandomStream, streams } from '../engine/random.ts';
import { type Architecture, fullyConnected, subBlocks } from './architecture.ts';

/** One array of a state_dict. `type` is how it is stored; the values are numbers either way. */
export interface WeightArray {
  readonly shape: readonly number[];
  readonly data: Float32Array;
  readonly type: 'F32' | 'I64';
}

/** A network's parameters and buffers by the names of the authors' toolkit's state_dict. */
export type Weights = Map<string, WeightArray>;

/** A convolution whose arrays are wanted, and the batch normalisation behind it, if there is one. */
export interface ConvolutionNames {
  readonly convolution: string;
  readonly batchNorm: string | null;
  readonly inputs: number;
  readonly outputs: number;
}

/** An array before training: uniform in ±1/sqrt(fanIn), or all of one value. */
export interface ArrayStart {
  readonly shape: readonly number[];
  readonly start: { readonly fanIn: number } | number;
  readonly type: WeightArray['type'];
}

/** The arrays of convolutions, in the order of PyTorch's state_dict. */
export function convolutionArrays(layers: readonly ConvolutionNames[]): Map<string, ArrayStart> {
  const arrays = new Map<string, ArrayStart>();
  for (const { convolution, batchNorm, inputs, outputs } of layers) {
    const start = { fanIn: inputs * 27 };
    arrays.set(`${convolution}.weight`, { shape: [outputs, inputs, 3, 3, 3], start, type: 'F32' });
    arrays.set(`${convolution}.bias`, { shape: [outputs], start, type: 'F32' });
    if (batchNorm === null) continue;
    for (const [part, value] of Object.entries({ weight: 1, bias: 0, running_mean: 0, running_var: 1 }))
      arrays.set(`${batchNorm}.${part}`, { shape: [outputs], start: value, type: 'F32' });
    arrays.set(`${batchNorm}.num_batches_tracked`, { shape: [], start: 0, type: 'I64' });
  }
  return arrays;
}

/** The arrays of a network, in the order of PyTorch's state_dict. */
function networkArrays(architecture: Architecture): Map<string, ArrayStart> {
  const arrays = convolutionArrays(subBlocks(architecture));
  for (const { name, inputs, outputs } of fullyConnected(architecture)) {
    const start = { fanIn: inputs };
    arrays.set(`${name}.weight`, { shape: [outputs, inputs], start, type: 'F32' });
    arrays.set(`${name}.bias`, { shape: [outputs], start, type: 'F32' });
  }
  return arrays;
}

/** Every array that a network of this architecture has, in the order of PyTorch's state_dict. */
export function weightShapes(architecture: Architecture): Map<string, readonly number[]> {
  return shapesOf(networkArrays(architecture));
}

function shapesOf(arrays: ReadonlyMap<string, ArrayStart>): Map<string, readonly number[]> {
  return new Map([...arrays].map(([name, { shape }]) => [name, shape]));
}

/**
 * PyTorch's default initialisation (docs/method.md, network): weights and biases of convolutions and fully connected layers
 * uniform in ±1/sqrt(fan_in), batch normalisation 1 and 0.
 */
export function initialWeights(architecture: Architecture, seed: number): Weights {
  return drawArrays(networkArrays(architecture), seed);
}

/** Arrays at their start. Each of random values has a sub-stream of its own, by its place among these. */
export function drawArrays(arrays: ReadonlyMap<string, ArrayStart>, seed: number): Weights {
  const weights: Weights = new Map();
  let drawn = 0;
  for (const [name, { shape, start, type }] of arrays) {
    const data = new Float32Array(count(shape));
    if (typeof start === 'number') data.fill(start);
    else {
      const random = new RandomStream(seed, streams.weights, drawn++);
      const bound = 1 / Math.sqrt(start.fanIn);
      for (let i = 0; i < data.length; i++) data[i] = random.uniform(-bound, bound);
    }
    weights.set(name, { shape, data, type });
  }
  return weights;
}

/** @throws InputError listing arrays that are missing, surplus or of another shape than the architecture's */
export function checkWeights(weights: Weights, architecture: Architecture, where: string): void {
  checkArrays(weights, networkArrays(architecture), where);
}

/** As checkWeights, of these arrays. */
export function checkArrays(weights: Weights, arrays: ReadonlyMap<string, ArrayStart>, where: string): void {
  const shapes = shapesOf(arrays);
  const faults: string[] = [];
  for (const [name, shape] of shapes) {
    const found = weights.get(name);
    if (!found) faults.push(`${name} [${shape.join(', ')}] is missing`);
    else if (`${found.shape}` !== `${shape}`) {
      faults.push(`${name} is [${found.shape.join(', ')}] where [${shape.join(', ')}] is expected`);
    } else if (!found.data.every(Number.isFinite)) faults.push(`${name} holds values that are not finite`);
  }
  for (const name of weights.keys())
    if (!shapes.has(name)) faults.push(`${name} is not part of the architecture`);
  if (faults.length > 0) {
    throw new InputError(
      where,
      `the weights do not fit the architecture:${listed(faults, '\n  ')}\n`,
      'Check the "architecture" entry of the file',
    );
  }
}

function count(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
