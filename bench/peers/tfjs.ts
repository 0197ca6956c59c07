import { createRequire } from 'node:module';
import path from 'node:path';
import type { Gpu } from '../../engine/gpu.ts';
import { conv3d } from '../../engine/ops/conv3d.ts';
import { Tape } from '../../engine/tape.ts';
import type { Tensor } from '../../engine/tensor.ts';
import { median } from '../median.ts';
import type { PeerResult } from '../peer.ts';

/** Layers to compare at, [ci, co, d, h, w]: one of few channels, one of many. */
const LAYERS = [
  [8, 16, 31, 37, 31],
  [32, 64, 16, 19, 16],
] as const;
type Layer = (typeof LAYERS)[number];

/** The part of TensorFlow.js that is used, which has no types here because it need not be installed. */
interface TensorFlow {
  removeBackend(name: string): void;
  registerBackend(name: string, factory: () => unknown): void;
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  tensor(values: Float32Array, shape: readonly number[]): TfTensor;
  engine(): { runKernel(name: string, inputs: object, attributes: object): TfTensor };
}

interface TfTensor {
  data(): Promise<Float32Array>;
  dispose(): void;
}

/**
 * Times TensorFlow.js's WebGPU backend on our device: the convolution, its input gradient and its weight gradient, ours
 * at the same shape beside each. Both are timed until a result has arrived on the host, ours as well.
 *
 * @param folder where `@tensorflow/tfjs-core` and `@tensorflow/tfjs-backend-webgpu` are installed
 * @throws Error when they are not, or when both do not compute the same
 */
export async function tfjsPeer(gpu: Gpu, folder: string, repetitions: number): Promise<PeerResult[]> {
  const { tf, version } = await start(gpu, folder);
  const results: PeerResult[] = [];
  for (const layer of LAYERS) {
    const theirs = theirKernels(tf, layer);
    const ours = ourKernels(gpu, layer);
    for (const what of ['conv3d forward', 'conv3d input gradient', 'conv3d weight gradient'] as const) {
      const [ci, co, ...volume] = layer;
      const mine = await (await ours[what](1))();
      const asTheirs = {
        'conv3d forward': () => channelsLast(mine, co),
        'conv3d input gradient': () => channelsLast(mine, ci),
        'conv3d weight gradient': () => filterLast(mine, ci, co),
      }[what]();
      const error = relativeError(asTheirs, await (await theirs[what](1))());
      if (!(error < 1e-4))
        throw new Error(`${what} of TensorFlow.js and ours differ by ${error} of its norm`);
      results.push({
        peer: `TensorFlow.js ${version} WebGPU`,
        what,
        shape: `${ci} to ${co}, ${volume.join(' x ')}`,
        batch: 1,
        seconds: await timed(theirs[what], repetitions),
        ourSeconds: await timed(ours[what], repetitions),
      });
    }
  }
  return results;
}

async function start(gpu: Gpu, folder: string): Promise<{ tf: TensorFlow; version: string }> {
  const require = createRequire(path.join(path.resolve(folder), 'index.js'));
  // The backend looks for a browser: for navigator.gpu to be there, and for a canvas that it never draws on.
  const pretend = {
    navigator: { gpu: {}, userAgent: '' },
    document: { createElement: () => ({ getContext: () => ({ configure: () => {} }) }) },
  };
  for (const [name, value] of Object.entries(pretend))
    Object.defineProperty(globalThis, name, { value, configurable: true });
  const tf = require('@tensorflow/tfjs-core') as TensorFlow & { version_core: string };
  const { WebGPUBackend } = require('@tensorflow/tfjs-backend-webgpu');
  tf.removeBackend('webgpu');
  tf.registerBackend('webgpu', () => new WebGPUBackend(gpu.device, gpu.device.adapterInfo));
  await tf.setBackend('webgpu');
  await tf.ready();
  return { tf, version: tf.version_core };
}

const LEAST = 0.05; // s; on a GPU a single call would be lost beside the way of its result to the host
const MOST_CALLS = 64;

/** Seconds of one call: of as many in a row as take long enough, until the last one's result has arrived. */
async function timed(kernel: Kernel, repetitions: number): Promise<number> {
  const once = async (calls: number) => {
    const run = await kernel(calls);
    const started = performance.now();
    await run();
    return (performance.now() - started) / 1000;
  };
  await once(1);
  const calls = Math.min(MOST_CALLS, Math.ceil(LEAST / (await once(1))));
  const times = [];
  for (let i = 0; i < repetitions; i++) times.push((await once(calls)) / calls);
  return median(times);
}

function relativeError(actual: Float32Array, expected: Float32Array): number {
  let error = 0;
  let norm = 0;
  for (let i = 0; i < expected.length; i++) {
    error += (actual[i] - expected[i]) ** 2;
    norm += expected[i] ** 2;
  }
  return Math.sqrt(error / norm);
}

/** Makes ready what is not to be timed, and gives what is: `calls` in a row, and the last one's result. */
type Kernel = (calls: number) => Promise<() => Promise<Float32Array>>;

type Kernels = Record<'conv3d forward' | 'conv3d input gradient' | 'conv3d weight gradient', Kernel>;

const wave = (size: number, step: number) =>
  Float32Array.from({ length: size }, (_, i) => Math.sin(step * i));
const count = (shape: readonly number[]) => shape.reduce((product, extent) => product * extent, 1);

/** Theirs lie channels last: [n, d, h, w, c] and [kd, kh, kw, ci, co]. */
function theirKernels(tf: TensorFlow, [ci, co, ...volume]: Layer): Kernels {
  const shapes = { x: [1, ...volume, ci], dy: [1, ...volume, co], filter: [3, 3, 3, ci, co] };
  const x = tf.tensor(channelsLast(wave(count(shapes.x), 0.7), ci), shapes.x);
  const dy = tf.tensor(channelsLast(wave(count(shapes.dy), 0.3), co), shapes.dy);
  const filter = tf.tensor(filterLast(wave(count(shapes.filter), 0.9), ci, co), shapes.filter);
  const kernel =
    (name: string, inputs: object, attributes: object): Kernel =>
    async (calls) =>
    async () => {
      const call = () =>
        tf.engine().runKernel(name, inputs, { strides: [1, 1, 1], pad: 'same', ...attributes });
      for (let i = 1; i < calls; i++) call().dispose();
      const y = call();
      const values = await y.data();
      y.dispose();
      return values;
    };
  return {
    'conv3d forward': kernel('Conv3D', { x, filter }, { dataFormat: 'NDHWC', dilations: [1, 1, 1] }),
    'conv3d input gradient': kernel('Conv3DBackpropInputV2', { dy, filter }, { inputShape: shapes.x }),
    'conv3d weight gradient': kernel('Conv3DBackpropFilterV2', { x, dy }, { filterShape: shapes.filter }),
  };
}

/** [c, voxels] to [voxels, c]. */
function channelsLast(values: Float32Array, channels: number): Float32Array {
  const voxels = values.length / channels;
  return values.map((_, i) => values[(i % channels) * voxels + Math.floor(i / channels)]);
}

/** [co, ci, 27] to [27, ci, co]. */
function filterLast(values: Float32Array, ci: number, co: number): Float32Array {
  return values.map(
    (_, i) => values[((i % co) * ci + (Math.floor(i / co) % ci)) * 27 + Math.floor(i / (co * ci))],
  );
}

function ourKernels(gpu: Gpu, [ci, co, ...volume]: Layer): Kernels {
  const x = gpu.tensor([1, ci, ...volume], wave(ci * count(volume), 0.7), 'x');
  const dy = gpu.tensor([1, co, ...volume], wave(co * count(volume), 0.3), 'dy');
  const weight = gpu.tensor([co, ci, 3, 3, 3], wave(co * ci * 27, 0.9), 'weight');
  const bias = gpu.full([co], 0, 'bias');
  const forward = (tape: Tape) => conv3d(tape, x, weight, bias, 1);
  /** The forward passes are run before, so that the gradient's time is its own. */
  const gradient =
    (of: Tensor): Kernel =>
    async (calls) => {
      for (const tensor of [x, weight]) tensor.requiresGrad = tensor === of;
      const recorded = Array.from({ length: calls }, () => {
        const tape = new Tape(gpu);
        return { tape, y: forward(tape) };
      });
      await gpu.synchronize();
      return async () => {
        const results = recorded.map(({ tape, y }) => {
          const gradients = tape.backward(y, dy);
          y.release();
          return gradients;
        });
        const values = await gpu.read(results[calls - 1].of(of));
        for (const gradients of results) gradients.release();
        return values;
      };
    };
  return {
    'conv3d forward': async (calls) => async () => {
      for (const tensor of [x, weight]) tensor.requiresGrad = false;
      for (let i = 1; i < calls; i++) forward(new Tape(gpu)).release();
      const y = forward(new Tape(gpu));
      const values = await gpu.read(y);
      y.release();
      return values;
    },
    'conv3d input gradient': gradient(x),
    'conv3d weight gradient': gradient(weight),
  };
}
