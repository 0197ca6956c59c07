import { formatBytes, GpuError } from './errors.ts';
import type { Faults } from './faults.ts';

/** A piece of device memory with its number of owners; at none it returns to the pool. */
export interface Memory {
  readonly id: number;
  readonly buffer: GPUBuffer;
  readonly bytes: number;
  /** free memory that it returns to */
  readonly shelf: Memory[];
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
 * be handed out again as soon as its last use is recorded. Scratch memory has a shelf of its own, whose buffers serve all
 * sizes up to theirs.
 */
export class BufferPool {
  private readonly free = new Map<number, Memory[]>();
  private readonly scratch: Memory[] = [];
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
    const size = this.sizeOf(bytes, what);
    let shelf = this.free.get(size);
    if (!shelf) {
      shelf = [];
      this.free.set(size, shelf);
    }
    return this.own(shelf.pop() ?? this.allocate(size, what, shelf));
  }

  /**
   * Scratch memory for a while, as `acquire`: the smallest free scratch buffer that is large enough. One after the other
   * they take the memory of one, if the largest comes first.
   */
  acquireScratch(bytes: number, what: string): Memory {
    const size = this.sizeOf(bytes, what);
    const [fits] = this.scratch.filter((memory) => memory.bytes >= size).sort((a, b) => a.bytes - b.bytes);
    if (fits) this.scratch.splice(this.scratch.indexOf(fits), 1);
    return this.own(fits ?? this.allocate(size, what, this.scratch));
  }

  /** One owner fewer; the last one gives the memory back to the pool. */
  release(memory: Memory): void {
    memory.owners -= 1;
    if (memory.owners > 0) return;
    this.liveBytes -= memory.bytes;
    this.liveBuffers -= 1;
    memory.shelf.push(memory);
  }

  /** Destroys all free buffers, for when the shapes to come are other ones. */
  trim(): void {
    for (const shelf of [...this.free.values(), this.scratch]) {
      for (const memory of shelf.splice(0)) {
        this.onDestroy(memory);
        memory.buffer.destroy();
        this.heldBytes -= memory.bytes;
      }
    }
  }

  /** Counts the peak from what is held now. */
  resetPeak(): void {
    this.peakBytes = this.heldBytes;
  }

  report(): MemoryReport {
    const { liveBytes, heldBytes, peakBytes, liveBuffers, allocations } = this;
    return { liveBytes, heldBytes, peakBytes, liveBuffers, allocations };
  }

  private sizeOf(bytes: number, what: string): number {
    const size = Math.max(16, Math.ceil(bytes / 16) * 16);
    if (!Number.isSafeInteger(size) || size > this.largest) {
      throw new GpuError(
        `${what} needs ${formatBytes(bytes)}, but this GPU binds at most ${formatBytes(this.largest)} at once. Use a smaller batch, fewer channels in the first layer, coarser images, or a GPU with a larger limit (see voxmask doctor).`,
      );
    }
    return size;
  }

  private own(memory: Memory): Memory {
    memory.owners = 1;
    this.liveBytes += memory.bytes;
    this.liveBuffers += 1;
    return memory;
  }

  private allocate(size: number, what: string, shelf: Memory[]): Memory {
    this.device.pushErrorScope('out-of-memory');
    const buffer = this.device.createBuffer({ size, usage: USAGE, label: what });
    const outcome = this.device
      .popErrorScope()
      .then((error) =>
        error
          ? new GpuError(
              `The GPU is out of memory: ${what} needs ${formatBytes(size)} beside ${formatBytes(this.heldBytes - size)} in use. Use a smaller batch or coarser images, train with --activations recomputed, or close other programs that use the GPU.`,
            )
          : null,
      );
    this.faults.watch(outcome);
    this.allocations += 1;
    this.heldBytes += size;
    this.peakBytes = Math.max(this.peakBytes, this.heldBytes);
    return { id: this.nextId++, buffer, bytes: size, shelf, owners: 0 };
  }
}
