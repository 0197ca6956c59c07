import { DeviceLostError, GpuError } from './errors.ts';

/**
 * Remembers what went wrong on a device. WebGPU reports errors asynchronously and goes on with wrong numbers;
 * here the first error is kept and thrown at the next synchronisation, and every one after it.
 */
export class Faults {
  private first: GpuError | null = null;
  private readonly pending = new Set<Promise<void>>();

  constructor(device: GPUDevice) {
    device.addEventListener('uncapturederror', (event) => {
      event.preventDefault();
      this.record(new GpuError(`The GPU refused a command: ${event.error.message.trim()}`));
    });
    device.lost.then((info) => {
      if (info.reason === 'destroyed') {
        this.record(new DeviceLostError('The GPU device was closed while work was still asked of it.'));
        return;
      }
      this.first = new DeviceLostError(
        `The GPU device was lost (${info.message.trim() || 'no reason given'}). Results since the last saved state are discarded; run the command again.`,
      );
    });
  }

  /** Keeps the error unless an earlier one is known: later ones are mostly its consequences. */
  record(error: GpuError): void {
    this.first ??= error;
  }

  /** Watches a check that is under way; `settle` waits for it. */
  watch(check: Promise<GpuError | null>): void {
    const done: Promise<void> = check
      .then((error) => {
        if (error) this.record(error);
      })
      .finally(() => this.pending.delete(done));
    this.pending.add(done);
  }

  /** Waits for the checks under way, then throws the first fault if there is one. */
  async settle(): Promise<void> {
    while (this.pending.size > 0) await Promise.all(this.pending);
    this.check();
  }

  /** @throws GpuError the first fault recorded on this device */
  check(): void {
    if (this.first) throw this.first;
  }
}
