import type { Compiled } from './library.ts';
import type { Names } from './size-expression.ts';

/** One kernel call as it was timed. */
export interface DispatchRecord {
  readonly kernel: string;
  readonly constants: Names;
  readonly params: Names;
  readonly seconds: number;
  /** bytes of the bindings that the kernel states to touch; those updated in place count twice */
  readonly bytes: number;
  /** arithmetic operations as the kernel states them, a multiply-add being two; 0 where its work is moving memory */
  readonly operations: number;
}

/** What a kernel call moves and computes, from the kernel's own contract. */
export function workOf({ kernel }: Compiled, params: Names): { bytes: number; operations: number } {
  const names = { ...kernel.constants, ...params };
  const bytes = kernel.bindings.reduce(
    (sum, { count, elementBytes, inPlace }) => sum + count(names) * elementBytes * (inPlace ? 2 : 1),
    0,
  );
  return { bytes, operations: kernel.operations?.(names) ?? 0 };
}

const QUERIES = 0x0200 | 0x0004; // QUERY_RESOLVE | COPY_SRC
const READ = 0x0001 | 0x0008; // MAP_READ | COPY_DST

/** Times stretches of GPU work: by the device's own clock where it has one, else by waiting for each. */
export class Stopwatch {
  private readonly device: GPUDevice;
  private readonly queries: GPUQuerySet | null;
  private readonly resolved: GPUBuffer | null;
  private readonly reader: GPUBuffer | null;

  constructor(device: GPUDevice) {
    this.device = device;
    const has = device.features.has('timestamp-query');
    this.queries = has ? device.createQuerySet({ type: 'timestamp', count: 2 }) : null;
    this.resolved = has ? device.createBuffer({ size: 16, usage: QUERIES }) : null;
    this.reader = has ? device.createBuffer({ size: 16, usage: READ }) : null;
  }

  /** Whether times are the device's own. */
  get onDevice(): boolean {
    return this.queries !== null;
  }

  /** Seconds that a compute pass of its own takes. */
  async time(encode: (pass: GPUComputePassEncoder) => void): Promise<number> {
    const { device, queries, resolved, reader } = this;
    const encoder = device.createCommandEncoder();
    const timestampWrites = queries
      ? { querySet: queries, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 }
      : undefined;
    const pass = encoder.beginComputePass(timestampWrites ? { timestampWrites } : {});
    encode(pass);
    pass.end();
    if (queries) {
      encoder.resolveQuerySet(queries, 0, 2, resolved!, 0);
      encoder.copyBufferToBuffer(resolved!, 0, reader!, 0, 16);
    }
    const started = performance.now();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    if (!queries) return (performance.now() - started) / 1000;
    await reader!.mapAsync(1);
    const [begin, end] = new BigUint64Array(reader!.getMappedRange().slice(0));
    reader!.unmap();
    return Number(end - begin) / 1e9;
  }

  close(): void {
    this.queries?.destroy();
    this.resolved?.destroy();
    this.reader?.destroy();
  }
}
