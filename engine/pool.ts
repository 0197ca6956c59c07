import { formatBytes, GpuError } from './errors.ts';
import type { Faults } from './faults.ts';

/** A piece of device memory with its number of owners; at none it returns to the pool. */
export interface Memory {
  readonly id: number;
  readonly buffer: GPUBuffer;
  readonly bytes: number;
  owners: number;
}

/** What the pool holds, in bytes and counts. `peakBytes` is the largest `heldBytes` so far. */
export interface MemoryReport {
  readonly liveBytes: number;
  readonly heldBytes: number;
  readonly peakBytes: number;
  readonly liveBuffers: number;
  readonly allocations: number;
}

const USAGE = 0x80 | 0x04 | 0x08; // STORAGE | COPY_SRC | COPY_DST

/**
 * Device buffers by exact size. Shapes repeat from step to step, so after the first step every request is met by a
 * buffer of the step before and nothing is allocated. Commands run in the order they are recorded, so a buffer may
 * be handed out again as soon as its last use is recorded.
 */
export class BufferPool {
  private readonly free = new Map<number, Memory[]>();
  private readonly device: GPUDevice;
  private readonly faults: Faults;
  private readonly largest: number;
  private nextId = 1;
  private liveBytes = 0;
  private heldBytes = 0;
  private peakBytes = 0;
  private liveBuffers = 0;
  private allocations = 0;
  private onDestroy: (memory: Memory) => void = () => {};

  /** @param largest bytes that one buffer may have */
  constructor(device: GPUDevice, faults: Faults, largest: number) {
    this.device = device;
    this.faults = faults;
    this.largest = largest;
  }

  /** Calls `listener` for each buffer that is destroyed, so that caches of it can be dropped. */
  whenDestroyed(listener: (memory: Memory) => void): void {
    this.onDestroy = listener;
  }

  /**
   * Memory of at least `bytes` bytes with one owner; its content is undefined.
   *
   * @param what the tensor's name and shape, for messages
   * @throws GpuError before anything is allocated, if the device cannot hold or bind that much at once
   */
  acquire(bytes: number, what: string): Memory {
    const size = Math.max(16, Math.ceil(bytes / 16) * 16);
    if (!Number.isSafeInteger(size) || size > this.largest) {
      throw new GpuError(
        `${what} needs ${formatBytes(bytes)}, but this GPU binds at most ${formatBytes(this.largest)} at once. Use a smaller batch, fewer channels in the first layer, coarser images, or a GPU with a larger limit (see voxmask doctor).`,
      );
    }
    const memory = this.free.get(size)?.pop() ?? this.allocate(size, what);
    memory.owners = 1;
    this.liveBytes += size;
    this.liveBuffers += 1;
    return memory;
  }

  /** One owner fewer; the last one gives the memory back to the pool. */
  release(memory: Memory): void {
    memory.owners -= 1;
    if (memory.owners > 0) return;
    this.liveBytes -= memory.bytes;
    this.liveBuffers -= 1;
    const same = this.free.get(memory.bytes);
    if (same) same.push(memory);
    else this.free.set(memory.bytes, [memory]);
  }

  /** Destroys all free buffers, for when the shapes to come are other ones. */
  trim(): void {
    for (const list of this.free.values()) {
      for (const memory of list) {
        this.onDestroy(memory);
        memory.buffer.destroy();
        this.heldBytes -= memory.bytes;
      }
    }
    this.free.clear();
  }

  /** Counts the peak from what is held now. */
  resetPeak(): void {
    this.peakBytes = this.heldBytes;
  }

  report(): MemoryReport {
    const { liveBytes, heldBytes, peakBytes, liveBuffers, allocations } = this;
    return { liveBytes, heldBytes, peakBytes, liveBuffers, allocations };
  }

  private allocate(size: number, what: string): Memory {
    this.device.pushErrorScope('out-of-memory');
    const buffer = this.device.createBuffer({ size, usage: USAGE, label: what });
    const outcome = this.device
      .popErrorScope()
      .then((error) =>
        error
          ? new GpuError(
              `The GPU is out of memory: ${what} needs ${formatBytes(size)} beside ${formatBytes(this.heldBytes - size)} in use. Use a smaller batch or coarser images, or close other programs that use the GPU.`,
            )
          : null,
      );
    this.faults.watch(outcome);
    this.allocations += 1;
    this.heldBytes += size;
    this.peakBytes = Math.max(this.peakBytes, this.heldBytes);
    return { id: this.nextId++, buffer, bytes: size, owners: 0 };
  }
}
