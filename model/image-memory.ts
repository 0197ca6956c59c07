import { machineMemory } from './machine-memory.ts';

const GIB = 2 ** 30;

/** Whoever keeps decoded images. */
export interface Holder {
  readonly keptBytes: number;
}

/** Memory for decoded images that several stores share. A store that is no longer used counts until it is collected. */
export class ImageMemory {
  limit: number;
  private readonly holders = new Set<WeakRef<Holder>>();

  /** @param limit bytes */
  constructor(limit: number) {
    this.limit = limit;
  }

  /** Counts what a holder keeps from now on. */
  join(holder: Holder): void {
    this.holders.add(new WeakRef(holder));
  }

  /** Bytes that may still be taken; 0 where more is kept than the limit allows. */
  free(): number {
    let held = 0;
    for (const reference of this.holders) {
      const holder = reference.deref();
      if (holder) held += holder.keptBytes;
      else this.holders.delete(reference);
    }
    return Math.max(0, this.limit - held);
  }
}

/** A quarter of the memory that the process may use, 4 GiB at most. */
function defaultLimit(): number {
  return Math.min(4 * GIB, machineMemory() / 4);
}

/** What all stores of this process share, where nothing else is said. */
export const imageMemory = new ImageMemory(defaultLimit());

/** Sets how many bytes of decoded images this process holds; undefined for the default. */
export function limitImages(bytes: number | undefined): void {
  imageMemory.limit = bytes ?? defaultLimit();
}
