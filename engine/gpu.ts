import type { KernelName } from '../kernels/index.ts';
import { GpuError } from './errors.ts';
import { Faults } from './faults.ts';
import { type Constants, matchBindings } from './kernel.ts';
import { KernelLibrary } from './library.ts';
import { BufferPool, type MemoryReport } from './pool.ts';
import type { DispatchRecord } from './profiler.ts';
import type { Names } from './size-expression.ts';
import { CommandStream } from './stream.ts';
import { type ElementType, elementCount, Tensor } from './tensor.ts';
import { defaultTuning, type Tuning } from './tuning.ts';

/** One kernel call: tensors and parameters by the names that the kernel declares, and the grid in workgroups. */
export interface KernelCall {
  readonly bindings: Readonly<Record<string, Tensor>>;
  readonly params?: Names;
  readonly grid: readonly [number, number, number];
  readonly constants?: Constants;
}

const READ = 0x01 | 0x08; // MAP_READ | COPY_DST

/**
 * A GPU device with its memory, kernels and command stream. Work is recorded at once and done later; `synchronize`
 * and `read` wait for it and throw what went wrong on the way.
 */
export class Gpu {
  readonly device: GPUDevice;
  readonly faults: Faults;
  readonly tuning: Tuning;
  /** bytes that the device can bind, and so a tensor have, at most */
  readonly largestTensor: number;
  private readonly pool: BufferPool;
  private readonly library: KernelLibrary;
  private readonly stream: CommandStream;
  private readonly readers = new Map<number, GPUBuffer[]>();

  /** @param largest bytes that a tensor may have, where that is to be less than the device allows */
  constructor(device: GPUDevice, largest = Number.POSITIVE_INFINITY) {
    const { maxStorageBufferBindingSize, maxBufferSize } = device.limits;
    this.device = device;
    this.largestTensor = Math.min(maxStorageBufferBindingSize, maxBufferSize, largest);
    this.faults = new Faults(device);
    this.tuning = defaultTuning(device);
    this.pool = new BufferPool(device, this.faults, this.largestTensor);
    this.library = new KernelLibrary(device);
    this.stream = new CommandStream(device, this.faults);
    this.pool.whenDestroyed((memory) => this.stream.forget(memory));
  }

  /** Whether the device computes on the processor. */
  get software(): boolean {
    return this.device.adapterInfo.isFallbackAdapter;
  }

  /** A tensor whose values are undefined until a kernel writes them. @throws GpuError if the device cannot hold it */
  empty(shape: readonly number[], label: string, type: ElementType = 'f32'): Tensor {
    const memory = this.pool.acquire(elementCount(shape) * 4, described(shape, label));
    return new Tensor(this.pool, memory, shape, type, label);
  }

  /** As `empty`, for a tensor that is released soon: it may lie in a larger buffer, which others use before and after it. */
  scratch(shape: readonly number[], label: string): Tensor {
    const memory = this.pool.acquireScratch(elementCount(shape) * 4, described(shape, label));
    return new Tensor(this.pool, memory, shape, 'f32', label);
  }

  /** A tensor with these values, row-major. The array must not change before the next synchronisation. */
  tensor(shape: readonly number[], data: Float32Array | Uint32Array, label: string): Tensor {
    if (data.length !== elementCount(shape)) {
      throw new GpuError(`Tensor "${label}" of shape [${shape}] was given ${data.length} values.`);
    }
    const tensor = this.empty(shape, label, data instanceof Uint32Array ? 'u32' : 'f32');
    this.stream.upload(tensor.memory, data);
    return tensor;
  }

  /** Overwrites a tensor's values. The array must not change before the next synchronisation. */
  write(tensor: Tensor, data: Float32Array | Uint32Array): void {
    if (data.length !== tensor.size)
      throw new GpuError(`Tensor "${tensor.label}" was given ${data.length} values.`);
    this.stream.upload(tensor.memory, data);
  }

  /** Overwrites a tensor's values from element `at` on. The array must not change before the next synchronisation. */
  writeAt(tensor: Tensor, at: number, data: Float32Array): void {
    if (at + data.length > tensor.size)
      throw new GpuError(`${data.length} values at ${at} do not fit into "${tensor.label}".`);
    this.stream.upload(tensor.memory, data, at * 4);
  }

  /** A tensor filled with one number. */
  full(shape: readonly number[], value: number, label: string): Tensor {
    const tensor = this.empty(shape, label);
    this.run('fill', {
      bindings: { y: tensor },
      params: { size: tensor.size, value },
      grid: grid1d(tensor.size, 1024),
    });
    return tensor;
  }

  /** Copies `count` elements from one tensor, at `from`, into another, at `to` (both counted in elements). */
  copy(source: Tensor, from: number, target: Tensor, to: number, count: number): void {
    if (from + count > source.size || to + count > target.size) {
      throw new GpuError(`${count} values of "${source.label}" do not fit into "${target.label}".`);
    }
    this.stream.copy({
      source: source.memory.buffer,
      sourceOffset: from * 4,
      target: target.memory.buffer,
      targetOffset: to * 4,
      bytes: count * 4,
    });
  }

  /** Records a kernel. @throws GpuError for wrong bindings, parameters or grid, naming the kernel */
  run(name: KernelName, { bindings, params = {}, grid, constants = {} }: KernelCall): void {
    const compiled = this.library.get(name, constants);
    const tensors = matchBindings(compiled.kernel, bindings, params);
    this.stream.dispatch(
      compiled,
      tensors.map((tensor) => tensor.memory),
      params,
      grid,
    );
  }

  /** Submits the recorded work without waiting for it. */
  async submit(): Promise<void> {
    await this.stream.flush();
  }

  /** Waits until all recorded work is done. @throws GpuError the first fault since the device was opened */
  async synchronize(): Promise<void> {
    await this.stream.flush();
    await this.device.queue.onSubmittedWorkDone();
    await this.faults.settle();
  }

  /** Reads a tensor's values back. @throws GpuError if anything before it failed */
  async read(tensor: Tensor): Promise<Float32Array> {
    const [values] = await this.readAll([tensor]);
    return values;
  }

  /** Reads several tensors back in one round trip. @throws GpuError if anything before it failed */
  async readAll(tensors: readonly Tensor[]): Promise<Float32Array[]> {
    const bytes = tensors.reduce((sum, tensor) => sum + tensor.size * 4, 0);
    const reader =
      this.readers.get(bytes)?.pop() ??
      this.device.createBuffer({ size: bytes, usage: READ, label: 'read back' });
    let offset = 0;
    for (const tensor of tensors) {
      this.stream.copy({
        source: tensor.memory.buffer,
        sourceOffset: 0,
        target: reader,
        targetOffset: offset,
        bytes: tensor.size * 4,
      });
      offset += tensor.size * 4;
    }
    await this.stream.flush();
    try {
      await reader.mapAsync(0x01);
    } catch (error) {
      await this.faults.settle();
      const names = tensors.map((tensor) => `"${tensor.label}"`).join(', ');
      throw new GpuError(`Tensor ${names} could not be read back: ${(error as Error).message}`);
    }
    const data = reader.getMappedRange().slice(0);
    reader.unmap();
    const same = this.readers.get(bytes);
    if (same) same.push(reader);
    else this.readers.set(bytes, [reader]);
    await this.faults.settle();
    let start = 0;
    return tensors.map(({ size }) => {
      start += size * 4;
      return new Float32Array(data, start - size * 4, size);
    });
  }

  /**
   * Times every kernel that `work` records, each alone on the GPU, in the order of recording.
   *
   * @param work must wait for what it recorded (`synchronize`, `read`)
   */
  profile(work: () => Promise<void>): Promise<DispatchRecord[]> {
    return this.stream.profiled(work);
  }

  /** What the pool holds; `peakBytes` is the most it ever held. */
  memory(): MemoryReport {
    return this.pool.report();
  }

  /** Gives free buffers back to the device, for when other shapes come next; the peak is counted anew. */
  async trim(): Promise<void> {
    await this.synchronize();
    this.pool.trim();
    this.pool.resetPeak();
  }

  /** Closes the device. */
  close(): void {
    this.device.destroy();
  }
}

function described(shape: readonly number[], label: string): string {
  return `tensor "${label}" of shape [${shape.join(', ')}]`;
}

/** Workgroups for `items` threads in groups of `perGroup`, folded into y beyond 65,535 (kernels unfold it). */
export function grid1d(items: number, perGroup: number): [number, number, number] {
  const groups = Math.max(1, Math.ceil(items / perGroup));
  const x = Math.min(groups, 65535);
  return [x, Math.ceil(groups / x), 1];
}
