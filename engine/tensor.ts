import { GpuError } from './errors.ts';
import type { BufferPool, Memory } from './pool.ts';

/** Element types; both take four bytes. */
export type ElementType = 'f32' | 'u32';

let nextId = 1;

/** Number of elements of a shape; an empty shape is a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/**
 * A handle on an array in device memory, row-major (the last axis is contiguous). Whoever gets a tensor from a
 * function owns it and releases it once; `share` makes a second handle on the same values for a second owner.
 */
export class Tensor {
  readonly shape: readonly number[];
  readonly size: number;
  readonly type: ElementType;
  readonly label: string;
  /** Same for all handles on the same values, so that gradients can be told by it. */
  readonly id: number;
  /** Whether a tape computes its gradient: set on parameters, inherited by what is computed from them. */
  requiresGrad = false;
  private readonly pool: BufferPool;
  private held: Memory | null;

  constructor(
    pool: BufferPool,
    memory: Memory,
    shape: readonly number[],
    type: ElementType,
    label: string,
    id = nextId++,
  ) {
    this.pool = pool;
    this.held = memory;
    this.shape = shape;
    this.size = elementCount(shape);
    this.type = type;
    this.label = label;
    this.id = id;
  }

  /** The device memory. @throws GpuError after release */
  get memory(): Memory {
    if (!this.held) throw new GpuError(`Tensor "${this.label}" was used after its release.`);
    return this.held;
  }

  /** Whether no other handle is on the values, so that they may be overwritten. */
  get exclusive(): boolean {
    return this.memory.owners === 1;
  }

  get released(): boolean {
    return this.held === null;
  }

  /** A second handle on the same values. */
  share(): Tensor {
    this.memory.owners += 1;
    const other = new Tensor(this.pool, this.memory, this.shape, this.type, this.label, this.id);
    other.requiresGrad = this.requiresGrad;
    return other;
  }

  /** A handle on the same memory under another shape of as many elements; to a tape it is another tensor. */
  view(shape: readonly number[]): Tensor {
    if (elementCount(shape) !== this.size) {
      throw new GpuError(`Tensor "${this.label}" of shape [${this.shape}] cannot be viewed as [${shape}].`);
    }
    this.memory.owners += 1;
    return new Tensor(this.pool, this.memory, shape, this.type, this.label);
  }

  /** Gives this handle up. @throws GpuError when it was given up before */
  release(): void {
    this.pool.release(this.memory);
    this.held = null;
  }
}
