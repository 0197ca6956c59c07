import { InputError } from '../cohort/error.ts';
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

/** Every array that a network of this architecture has, in the order of PyTorch's state_dict. */
export function weightShapes(architecture: Architecture): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  for (const { convolution, batchNorm, inputs, outputs } of subBlocks(architecture)) {
    shapes.set(`${convolution}.weight`, [outputs, inputs, 3, 3, 3]);
    shapes.set(`${convolution}.bias`, [outputs]);
    for (const part of ['weight', 'bias', 'running_mean', 'running_var'])
      shapes.set(`${batchNorm}.${part}`, [outputs]);
    shapes.set(`${batchNorm}.num_batches_tracked`, []);
  }
  for (const { name, inputs, outputs } of fullyConnected(architecture)) {
    shapes.set(`${name}.weight`, [outputs, inputs]);
    shapes.set(`${name}.bias`, [outputs]);
  }
  return shapes;
}

/**
 * PyTorch's default initialisation (docs/method.md, network): weights and biases of convolutions and fully connected layers
 * uniform in ±1/sqrt(fan_in), batch normalisation 1 and 0.
 */
export function initialWeights(architecture: Architecture, seed: number): Weights {
  const weights: Weights = new Map();
  const shapes = weightShapes(architecture);
  const filled = (shape: readonly number[], value: number) => new Float32Array(count(shape)).fill(value);
  let layer = 0;
  const uniform = (name: string, fanIn: number) => {
    const random = new RandomStream(seed, streams.weights, layer++);
    const bound = 1 / Math.sqrt(fanIn);
    const shape = shapes.get(name)!;
    weights.set(name, {
      shape,
      data: filled(shape, 0).map(() => random.uniform(-bound, bound)),
      type: 'F32',
    });
  };
  for (const { convolution, batchNorm, inputs } of subBlocks(architecture)) {
    uniform(`${convolution}.weight`, inputs * 27);
    uniform(`${convolution}.bias`, inputs * 27);
    const values = { weight: 1, bias: 0, running_mean: 0, running_var: 1 };
    for (const [part, value] of Object.entries(values)) {
      const shape = shapes.get(`${batchNorm}.${part}`)!;
      weights.set(`${batchNorm}.${part}`, { shape, data: filled(shape, value), type: 'F32' });
    }
    weights.set(`${batchNorm}.num_batches_tracked`, { shape: [], data: filled([], 0), type: 'I64' });
  }
  for (const { name, inputs } of fullyConnected(architecture)) {
    uniform(`${name}.weight`, inputs);
    uniform(`${name}.bias`, inputs);
  }
  return weights;
}

/** @throws InputError listing every array that is missing, surplus or of another shape than the architecture's */
export function checkWeights(weights: Weights, architecture: Architecture, where: string): void {
  const shapes = weightShapes(architecture);
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
      `the weights do not fit the architecture:\n  ${faults.join('\n  ')}\n`,
      'Check the "architecture" entry of the file',
    );
  }
}

function count(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
