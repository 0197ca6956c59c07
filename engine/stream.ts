import { GpuError } from './errors.ts';
import type { Faults } from './faults.ts';
import { packParams } from './kernel.ts';
import type { Compiled } from './library.ts';
import type { Memory } from './pool.ts';
import { type DispatchRecord, Stopwatch, workOf } from './profiler.ts';
import type { Names } from './size-expression.ts';

interface Dispatch {
  readonly compiled: Compiled;
  readonly memories: readonly Memory[];
  readonly params: Names;
  readonly grid: readonly [number, number, number];
}

interface Upload {
  readonly target: Memory;
  /** where in the target, in bytes */
  readonly offset: number;
  readonly data: Float32Array | Uint32Array;
}

/** Bytes to copy from one buffer to another; offsets and length are multiples of four. */
interface Copy {
  readonly source: GPUBuffer;
  readonly sourceOffset: number;
  readonly target: GPUBuffer;
  readonly targetOffset: number;
  readonly bytes: number;
}

type Command = Dispatch | Upload | Copy;

const SLOTS = 512; // dispatches per submission: their parameters lie in one uniform buffer, a slot each
const UNIFORM = 0x40 | 0x08; // UNIFORM | COPY_DST

/**
 * Commands in the order they were recorded. Recording is synchronous; `flush` waits until the pipelines it needs are
 * compiled and submits everything as one command buffer (more only where an upload or the parameter buffer cuts it).
 */
export class CommandStream {
  private readonly device: GPUDevice;
  private readonly faults: Faults;
  private readonly stride: number;
  private readonly slots: GPUBuffer;
  private readonly staging: DataView<ArrayBuffer>;
  private readonly groups = new Map<string, { group: GPUBindGroup; memories: readonly Memory[] }>();
  private commands: Command[] = [];
  private profile: { readonly watch: Stopwatch; readonly records: DispatchRecord[] } | null = null;
  private last: Promise<void> = Promise.resolve();

  constructor(device: GPUDevice, faults: Faults) {
    this.device = device;
    this.faults = faults;
    this.stride = Math.max(128, device.limits.minUniformBufferOffsetAlignment);
    this.slots = device.createBuffer({
      size: SLOTS * this.stride,
      usage: UNIFORM,
      label: 'kernel parameters',
    });
    this.staging = new DataView(new ArrayBuffer(SLOTS * this.stride));
  }

  /** Records a kernel over `grid` workgroups. @throws GpuError if a grid dimension is beyond the device's limit */
  dispatch(
    compiled: Compiled,
    memories: readonly Memory[],
    params: Names,
    grid: readonly [number, number, number],
  ): void {
    const limit = this.device.limits.maxComputeWorkgroupsPerDimension;
    if (grid.some((count) => !Number.isInteger(count) || count < 1 || count > limit)) {
      throw new GpuError(
        `Kernel ${compiled.kernel.name}: a grid of [${grid}] workgroups is outside 1..${limit}.`,
      );
    }
    packParams(compiled.kernel, params, this.staging, 0); // checks the names and values here, where the caller is known
    this.commands.push({ compiled, memories, params, grid });
  }

  /** Records a write of host data, at `offset` bytes; the data must not change before the next flush. */
  upload(target: Memory, data: Float32Array | Uint32Array, offset = 0): void {
    this.commands.push({ target, offset, data });
  }

  /** Records a copy between two buffers. */
  copy(copy: Copy): void {
    this.commands.push(copy);
  }

  /** Submits what was recorded, in order, after all earlier flushes. */
  flush(): Promise<void> {
    const commands = this.commands;
    this.commands = [];
    this.last = this.last.catch(() => {}).then(() => this.submit(commands));
    return this.last;
  }

  /**
   * Times every kernel that `work` records, each alone on the GPU.
   *
   * @param work must wait for what it recorded
   */
  async profiled(work: () => Promise<void>): Promise<DispatchRecord[]> {
    await this.flush();
    const profile = { watch: new Stopwatch(this.device), records: [] };
    this.profile = profile;
    try {
      await work();
      await this.flush();
    } finally {
      this.profile = null;
      profile.watch.close();
    }
    return profile.records;
  }

  /** Forgets the bind groups that use a buffer about to be destroyed. */
  forget(memory: Memory): void {
    for (const [key, entry] of this.groups) if (entry.memories.includes(memory)) this.groups.delete(key);
  }

  private async submit(commands: readonly Command[]): Promise<void> {
    await Promise.all(
      commands.map((command) => ('compiled' in command ? command.compiled.compilation : null)),
    );
    this.faults.check();
    if (this.profile) {
      for (const command of commands) await this.timed(command, this.profile);
      return;
    }
    let start = 0;
    let slots = 0;
    commands.forEach((command, index) => {
      const cut = 'data' in command || ('compiled' in command && slots === SLOTS);
      if (cut) {
        this.encode(commands.slice(start, index));
        start = 'data' in command ? index + 1 : index;
        slots = 0;
      }
      if ('data' in command) this.write(command);
      if ('compiled' in command) slots += 1;
    });
    this.encode(commands.slice(start));
  }

  private async timed(
    command: Command,
    { watch, records }: NonNullable<CommandStream['profile']>,
  ): Promise<void> {
    if ('data' in command) return this.write(command);
    if ('source' in command) return this.encode([command]);
    const seconds = await watch.time((pass) => {
      this.encodeDispatch(pass, command, 0);
      this.device.queue.writeBuffer(this.slots, 0, this.staging.buffer, 0, this.stride);
    });
    const { compiled, params } = command;
    const { name, constants } = compiled.kernel;
    records.push({ kernel: name, constants, params, seconds, ...workOf(compiled, params) });
  }

  private write({ target, offset, data }: Upload): void {
    this.device.queue.writeBuffer(
      target.buffer,
      offset,
      data.buffer as ArrayBuffer,
      data.byteOffset,
      data.byteLength,
    );
  }

  private encode(commands: readonly Command[]): void {
    if (commands.length === 0) return;
    const encoder = this.device.createCommandEncoder();
    let pass: GPUComputePassEncoder | null = null;
    let slot = 0;
    for (const command of commands) {
      if ('compiled' in command) {
        pass ??= encoder.beginComputePass();
        this.encodeDispatch(pass, command, slot++);
      } else if ('source' in command) {
        pass?.end();
        pass = null;
        const { source, sourceOffset, target, targetOffset, bytes } = command;
        encoder.copyBufferToBuffer(source, sourceOffset, target, targetOffset, bytes);
      }
    }
    pass?.end();
    this.device.queue.writeBuffer(this.slots, 0, this.staging.buffer, 0, slot * this.stride);
    this.device.queue.submit([encoder.finish()]);
  }

  private encodeDispatch(pass: GPUComputePassEncoder, command: Dispatch, slot: number): void {
    const { compiled, memories, params, grid } = command;
    packParams(compiled.kernel, params, this.staging, slot * this.stride);
    pass.setPipeline(compiled.pipeline!);
    pass.setBindGroup(
      0,
      this.bindGroup(compiled, memories),
      compiled.kernel.params ? [slot * this.stride] : [],
    );
    pass.dispatchWorkgroups(...grid);
  }

  private bindGroup(compiled: Compiled, memories: readonly Memory[]): GPUBindGroup {
    const key = `${compiled.key}|${memories.map((memory) => memory.id).join(',')}`;
    const known = this.groups.get(key);
    if (known) return known.group;
    const { kernel, layout } = compiled;
    const entries: GPUBindGroupEntry[] = kernel.bindings.map((binding, i) => ({
      binding: binding.index,
      resource: { buffer: memories[i].buffer },
    }));
    if (kernel.params) {
      entries.push({
        binding: kernel.params.index,
        resource: { buffer: this.slots, size: kernel.params.bytes },
      });
    }
    const group = this.device.createBindGroup({ label: kernel.name, layout, entries });
    this.groups.set(key, { group, memories });
    return group;
  }
}
