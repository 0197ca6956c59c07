import { create } from 'webgpu';
import { adaptersInError } from './adapter-choice.ts';
import { withoutNativeOutput } from './native-output.ts';

// Dawn's objects must stay reachable: when one is collected while its device is in use, the process crashes.
const roots: unknown[] = [];
(globalThis as { voxmaskGpuRoots?: unknown[] }).voxmaskGpuRoots = roots;

/** Keeps Dawn's objects until the process ends. */
export function keepReachable(...objects: readonly unknown[]): void {
  roots.push(...objects);
}

/** Browsers blur the GPU's clock lest pages spy with it; a profiler wants it as it is. */
const EXACT_TIMES = 'disable-dawn-features=timestamp_quantization';

/**
 * Asks Dawn for an adapter: the first whose name contains `name`, else the fastest. The drivers are loaded under the
 * environment as it is now.
 *
 * @returns null where there is none
 */
export async function requestAdapter(name: string | null): Promise<GPUAdapter | null> {
  const { adapter } = await ask(name);
  return adapter;
}

/** No adapter is called so: asked for this, Dawn lists those that there are. */
const NOBODY = 'voxmask asks for the list';

/** Backend and name of all adapters that Dawn accepts, the one that it would choose first. */
export async function dawnAdapters(): Promise<{ backend: string; name: string }[]> {
  return adaptersInError((await ask(NOBODY)).said);
}

async function ask(name: string | null): Promise<{ adapter: GPUAdapter | null; said: string }> {
  const flags = [EXACT_TIMES, ...(name === null ? [] : [`adapter=${name}`])];
  try {
    const adapter = await withoutNativeOutput(() => {
      const gpu = create(flags);
      keepReachable(gpu);
      return gpu.requestAdapter({ powerPreference: 'high-performance' });
    });
    return { adapter, said: '' };
  } catch (error) {
    // Dawn throws where none has the name, and lists what there is
    return { adapter: null, said: (error as Error).message };
  }
}
